#pragma once

#include "command/top/frame.hpp"
#include "command/top/view.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace shmbus::command {

/// The whole terminal, given back as it was when this goes.
class screen {
public:
  /// Throws `failure` if the terminal can't do it.
  screen();
  ~screen();
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  std::size_t width() const noexcept;
  std::size_t height() const noexcept;

  /// Only what differs from what is there goes to the terminal.
  void show(const std::vector<frame_line>& lines);

  /// The next key; nothing if none came in that time, or the size of the terminal changed.
  std::optional<key> wait(std::chrono::milliseconds time);

  /// A signal asked the process to end.
  bool ended() const noexcept;
};

}  // namespace shmbus::command
