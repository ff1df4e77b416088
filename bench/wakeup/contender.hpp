#pragma once

#include "support/samples.hpp"

#include <string>
#include <vector>

namespace bench {

/// One way in which two sleeping processes wake each other: a ping-pong.
struct contender {
  const char* name;
  /// One end: starts the other with back_arguments(), and makes a round trip for each lap.
  void (*ping)(const contender& self, int back_cpu, lap_timer& laps);
  /// The other end, with what ping() gave to its child.
  int (*back)(const std::vector<std::string>& arguments);
  /// SHMBUS_WAKEUP for both.
  const char* environment = "";
};

extern const contender shmbus_uring;
extern const contender shmbus_thread;
extern const contender shmbus_blocking;
extern const contender eventfd_coroutines;
extern const contender pipe_coroutines;
extern const contender bare_futex;
extern const contender futex_thread;

/// Arguments for a child that runs the other end.
std::vector<std::string> back_arguments(const contender& c, int cpu,
                                        const std::vector<std::string>& more);

}  // namespace bench
