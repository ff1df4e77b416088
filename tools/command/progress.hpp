#pragma once

#include "shmbus/async/asio.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace shmbus::command {

/// How far a long command is, on one line of the terminal: nothing in the first two seconds, and
/// nothing ever if standard error is no terminal.
class progress {
public:
  progress();
  ~progress() { wipe(); }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// Takes the place of what was shown before.
  void show(std::string_view text) noexcept;

  /// For other output on standard error.
  void wipe() noexcept;

  /// Shows what `text` says again and again while `context` runs.
  void keep_showing(asio::io_context& context, std::function<std::string()> text);

private:
  asio::awaitable<void> show_again(std::function<std::string()> text);

  bool terminal_;
  std::chrono::steady_clock::time_point from_;
  bool shown_ = false;
};

}  // namespace shmbus::command
