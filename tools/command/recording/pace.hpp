#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace shmbus::recording {

/// Says when the messages of a recording are due.
///
/// The schedule is absolute: one that is late does not delay the next. Only what is more than
/// `most_late` behind moves all that follows, so that what was stopped does not come in a burst.
class pace {
public:
  using clock = std::chrono::steady_clock;
  static constexpr auto most_late = std::chrono::milliseconds(100);

  /// So many times as fast as it was recorded; not 0.
  explicit pace(double speed) noexcept : speed_(speed) {}

  /// When the message at that position is due. The first one is due now.
  clock::time_point due(std::chrono::nanoseconds position, clock::time_point now) noexcept
  {
    if (!begin_) {
      begin_ = now;
      first_ = position;
    }
    clock::time_point at = *begin_ + stretched(position - first_);
    if (now > at + most_late) {
      *begin_ += now - at;
      at = now;
    }
    return at;
  }

  /// The next message is the first.
  void restart() noexcept { begin_.reset(); }

private:
  std::chrono::nanoseconds stretched(std::chrono::nanoseconds d) const noexcept
  {
    // A hundred years, as the format has it: what is longer would not fit behind a time point.
    constexpr double most = 3e18;
    const double ns = static_cast<double>(d.count()) / speed_;
    // At its own speed to the nanosecond.
    if (speed_ == 1) return d;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(ns < most ? ns : most));
  }

  double speed_;
  std::optional<clock::time_point> begin_;
  std::chrono::nanoseconds first_{0};
};

/// How well the gaps between messages were kept.
class timing {
public:
  using clock = std::chrono::steady_clock;
  static constexpr auto aim = std::chrono::milliseconds(1);

  /// A message was due at one time and sent at another.
  void add(clock::time_point due, clock::time_point sent) noexcept
  {
    const auto late = sent - due;
    if (any_) {
      ++gaps_;
      const auto error = late < late_ ? late_ - late : late - late_;
      if (error > largest_error_) largest_error_ = error;
      if (error <= aim) ++kept_;
    }
    any_ = true;
    late_ = late;
  }

  std::uint64_t gaps() const noexcept { return gaps_; }
  /// Those within `aim` of what they had to be.
  std::uint64_t kept() const noexcept { return kept_; }
  clock::duration largest_error() const noexcept { return largest_error_; }

private:
  bool any_ = false;
  clock::duration late_{0};
  clock::duration largest_error_{0};
  std::uint64_t gaps_ = 0;
  std::uint64_t kept_ = 0;
};

}  // namespace shmbus::recording
