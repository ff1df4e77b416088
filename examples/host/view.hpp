#pragma once

#include <shmbus/message.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace demo {

/// Shows what one process receives, without a flood: on a terminal as one line that is repainted,
/// else as the first few messages and then a line each second.
class view {
public:
  /// `row`: 0: plain lines; else how far above the cursor our line is.
  view(std::string title, int row);

  void show(const shmbus::message& m, std::uint64_t received, std::uint64_t lost);
  void show_result(const std::string& text);

private:
  using clock = std::chrono::steady_clock;

  void write(std::string text) const;

  std::string title_;
  int row_;
  clock::time_point begin_ = clock::now();
  clock::time_point next_ = begin_;
  int lines_ = 0;
  int skip_ = 0;
};

}  // namespace demo
