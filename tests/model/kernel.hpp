#pragma once

#include <cstdint>

/// What takes the place of the kernel: futexes, locks of a file's bytes, time.
namespace model::kernel {

/// Before each execution.
void begin();

/// What a thread of the calling process waits for to be told of deaths: see death_watch.cpp, and
/// event_loop.hpp.
struct alarm {
  std::uint64_t rung = 0;
  bool stop = false;
  int process = 0;
  const void* sleeps_on = this;
};
void add(alarm& a);
void remove(alarm& a) noexcept;

}  // namespace model::kernel
