#pragma once

#include "command/recording/format.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace shmbus::recording {

/// Where the records of a recording are in time, from its beginning.
///
/// It never goes back: what was sent before the record in front of it counts as sent with that. What
/// was appended follows at once: the time in which nobody recorded is left out.
class timeline {
public:
  void begin_part() noexcept { part_ = now_; }

  std::chrono::nanoseconds at(std::int64_t time_ns) noexcept
  {
    now_ = std::clamp(part_ + time_ns, now_, max_time_ns);
    return std::chrono::nanoseconds(now_);
  }

  std::chrono::nanoseconds now() const noexcept { return std::chrono::nanoseconds(now_); }

private:
  std::int64_t part_ = 0;
  std::int64_t now_ = 0;
};

}  // namespace shmbus::recording
