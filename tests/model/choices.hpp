#pragma once

#include "model/arena.hpp"

#include <cstdint>

/// An execution is a row of choices; to explore is to make all of them, or many.
namespace model {

/// What an execution may have that is out of the ordinary.
struct bounds {
  int deviations =
      2;  // fibers interrupted before they have to wait, and values that are not the newest
  int kills = 0;
  int stops = 0;  // processes stopped until nobody else can go on
};

/// How much of a scenario is explored.
struct effort {
  int deviations;            // all executions with up to so many, depth first
  std::uint64_t executions;  // but no more than that
  std::uint64_t random;      // then so many at random, with any number of deviations
};

class choices {
public:
  enum class kind { value, next, interrupt, kill, stop };
  struct option {
    kind what;
    int which;
  };

  /// Depth first, all executions within `b`; then `more()` says whether there are any.
  void begin_exhaustive(const bounds& b);
  /// One at random, or, `seed` 0, the one before once more.
  void begin_random(const bounds& b, std::uint64_t seed);
  void repeat();
  bool more();

  /// One of `n` values; 0 is the newest.
  std::size_t choose_value(std::size_t n);
  /// One of several options, in the order of their kinds; the first is the ordinary one.
  std::size_t choose(const option* options, std::size_t n);

  /// From now on nothing is out of the ordinary, and the first option is taken.
  void no_more() noexcept { over_ = true; }

  bool may_deviate() const noexcept { return !over_ && left_.deviations > 0; }
  bool may_kill() const noexcept { return !over_ && left_.kills > 0; }
  bool may_stop() const noexcept { return !over_ && left_.stops > 0; }

  std::size_t length() const noexcept { return at_; }

private:
  struct choice {
    std::uint16_t taken;
    std::uint16_t of;
  };
  enum class mode { exhaustive, random, repeated };

  std::size_t pick(std::size_t n, std::size_t at_random);
  std::uint64_t random() noexcept;
  bool one_in(std::uint64_t n) noexcept { return random() % n == 0; }

  mode mode_ = mode::exhaustive;
  bounds bounds_;
  bounds left_;
  kept<choice> row_;
  std::size_t at_ = 0;
  bool over_ = false;
  std::uint64_t state_ = 1;
  std::uint64_t interrupt_one_in_ = 8;
  std::uint64_t value_one_in_ = 8;
  std::uint64_t kill_one_in_ = 32;
  std::uint64_t kill_options_ = 32;  // in an execution, as seen lately
  std::uint64_t kill_options_now_ = 0;
};

}  // namespace model
