#pragma once

#include "command/shared_descriptor.hpp"

#include <cstddef>
#include <string>

namespace shmbus::command {

/// Reads lines from standard input.
class line_input {
public:
  /// A line of more than `max_size` bytes is an error: message_too_large.
  line_input(asio::io_context& context, std::size_t max_size);

  /// The next line, without its end. False: there is none.
  asio::awaitable<bool> next(std::string& line);

private:
  /// False: the input has ended.
  asio::awaitable<bool> fill();

  shared_descriptor ready_;
  std::size_t max_size_;
  std::string read_;
  std::size_t begin_ = 0;  // of what no line was made of yet
};

}  // namespace shmbus::command
