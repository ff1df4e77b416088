#pragma once

#include <cstdint>

/// What takes the place of the kernel: futexes, locks of a file's bytes, time.
namespace model::kernel {

/// Before each execution.
void begin();

/// A thread of the calling process that is told of deaths waits in these; see death_watch.cpp.
struct alarm {
  std::uint64_t rung = 0;
  bool stop = false;
  int process = 0;
};
void add(alarm& a);
void remove(alarm& a) noexcept;

}  // namespace model::kernel
