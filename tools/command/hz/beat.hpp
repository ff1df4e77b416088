#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace shmbus::command {

/// How often messages of a topic come, and how regularly.
class beat {
public:
  using clock = std::chrono::steady_clock;

  void add(clock::time_point at, std::uint64_t size) noexcept
  {
    bytes_ += size;
    if (++messages_ == 1) {
      first_ = last_ = at;
      return;
    }
    // Two publishers may be overtaken by each other on the way.
    const auto gap = std::max(at - last_, clock::duration::zero());
    shortest_ = std::min(shortest_, gap);
    longest_ = std::max(longest_, gap);
    last_ = std::max(last_, at);
  }

  std::uint64_t messages() const noexcept { return messages_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// With fewer than two messages there is no gap, and this and the rates are 0.
  double mean_seconds() const noexcept
  {
    return messages_ < 2 ? 0 : seconds(last_ - first_) / static_cast<double>(messages_ - 1);
  }
  double shortest_seconds() const noexcept { return messages_ < 2 ? 0 : seconds(shortest_); }
  double longest_seconds() const noexcept { return seconds(longest_); }
  double messages_per_second() const noexcept
  {
    return mean_seconds() > 0 ? 1 / mean_seconds() : 0;
  }
  double bytes_per_second() const noexcept
  {
    return messages_ == 0 ? 0
                          : messages_per_second() * static_cast<double>(bytes_) /
                                static_cast<double>(messages_);
  }

private:
  static double seconds(clock::duration d) noexcept
  {
    return std::chrono::duration<double>(d).count();
  }

  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  clock::time_point first_;
  clock::time_point last_;
  clock::duration shortest_ = clock::duration::max();
  clock::duration longest_{0};
};

}  // namespace shmbus::command
