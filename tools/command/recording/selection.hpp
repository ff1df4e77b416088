#pragma once

#include "command/recording/timeline.hpp"
#include "shmbus/pattern.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace shmbus::recording {

/// Which messages of a recording are wanted.
struct selection {
  std::vector<pattern> patterns;  ///< none: all topics
  std::chrono::nanoseconds from{0};
  std::chrono::nanoseconds until = std::chrono::nanoseconds::max();

  bool takes(std::string_view topic, std::chrono::nanoseconds position) const noexcept
  {
    return position >= from && position <= until &&
           (patterns.empty() ||
            std::ranges::any_of(patterns, [&](const pattern& p) { return p.matches(topic); }));
  }
};

}  // namespace shmbus::recording
