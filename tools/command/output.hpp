#pragma once

#include "command/shared_descriptor.hpp"

#include <string_view>

namespace shmbus::command {

/// Writes to standard output, and waits before it would block.
class output {
public:
  explicit output(asio::io_context& context);

  /// False: nobody reads any more. Other errors are thrown as `failure`.
  asio::awaitable<bool> write(std::string_view text);

  /// What becomes ready when nobody reads any more.
  shared_descriptor& end() noexcept { return end_; }

private:
  shared_descriptor room_;
  shared_descriptor end_;
};

/// Writes all of it to standard output, for answers that are there at once.
/// Nothing happens if nobody reads any more; other errors are thrown as `failure`.
void print(std::string_view text);

/// A line on standard error, after "shmbus: ".
void complain(std::string_view text) noexcept;

}  // namespace shmbus::command
