#pragma once

#include "command/bench/measure.hpp"
#include "support/samples.hpp"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shmbus::command {

/// One of the figures of `shmbus bench`.
struct figure {
  enum class unit { time, messages, bytes };

  std::string_view name;  ///< as measure_all() calls it
  std::string_view title;
  std::string_view floor;
  unit shown = unit::time;
  std::size_t size = 0;  ///< of a message, where bytes count
};

inline constexpr std::array figures = {
    figure{"cycle", "one thread: publish, receive, release", "a copy and a fence"},
    figure{"one_way", "one way, both polling", "a bounced cache line"},
    figure{"wakeup_one_cpu", "waking a coroutine, on one CPU", "an eventfd under Asio"},
    figure{"wakeup_two_cpus", "waking a coroutine, on two CPUs", "an eventfd under Asio"},
    figure{"stream_64", "throughput, 64 B", "a bare ring", figure::unit::messages},
    figure{"stream_65536", "throughput, 64 KiB", "a bare ring", figure::unit::bytes, 65536},
};

/// What was measured of one figure, round by round.
struct samples {
  std::vector<double> shmbus;
  std::vector<double> floor;

  void add(const measured& m)
  {
    shmbus.push_back(m.shmbus);
    floor.push_back(m.floor);
  }
  /// The median of those within each round: what disturbs a round disturbs both.
  double ratio() const
  {
    std::vector<double> all;
    for (std::size_t i = 0; i != shmbus.size(); ++i) all.push_back(shmbus[i] / floor[i]);
    return bench::median(all);
  }
  /// Whether the floor itself differs a lot from round to round.
  bool unsteady() const
  {
    return bench::quantile(floor, 0.75) > 1.3 * bench::quantile(floor, 0.25);
  }
};

using results = std::map<std::string, samples, std::less<>>;

}  // namespace shmbus::command
