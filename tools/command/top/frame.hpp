#pragma once

#include "command/top/grid.hpp"
#include "command/top/picture.hpp"
#include "command/top/tap.hpp"
#include "command/top/view.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace shmbus::command {

enum class look { plain, bold, inverse };

struct frame_line {
  std::string text;
  command::look look = look::plain;
};

/// What there is to show besides what keys chose.
struct scene {
  std::string bus;      ///< "bus 'x' in /y"
  std::string problem;  ///< why there is no picture; empty if there is one
  std::string time;     ///< of the picture
  command::picture picture;
  const tap* payloads = nullptr;  ///< of the selected topic, while they are shown
};

/// The rows of the page that is shown, filtered and sorted.
grid rows_of(const view& v, picture p);

/// How many of them a screen of that height has room for.
std::size_t room_for_rows(std::size_t height) noexcept;

/// The whole screen: `height` lines of `width` cells each.
std::vector<frame_line> frame(const view& v, const scene& s, std::size_t width, std::size_t height);

}  // namespace shmbus::command
