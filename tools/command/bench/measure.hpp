#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What `shmbus bench` measures, in a process of its own. It shares floors and ping-pongs with the
/// programs in bench/.
namespace shmbus::command {

/// The cost of one message with shmbus and with the floor beside it, in nanoseconds.
struct measured {
  double shmbus = 0;
  double floor = 0;
};

/// One thread publishes, receives and releases 64 B; the floor copies them and has the same fence.
measured measure_cycle(int cpu);

/// One process sends to another, both poll; the floor is a ring with nothing around it.
measured measure_stream(int here, int there, std::size_t size);

/// The other end of a stream, in a child that was started with "stream" and these arguments.
int receive_stream(const std::vector<std::string>& arguments);

/// Measures all again and again for a few seconds: "NAME SHMBUS FLOOR" on a line of standard output
/// for each. In a child that was started with "measure" and the CPUs.
int measure_all(const std::vector<std::string>& arguments);

/// Before the reason, on a line of its own, if that could not be done.
inline constexpr std::string_view bench_failed = "failed: ";

/// What a child of `shmbus bench` does.
int bench_child(const std::vector<std::string>& words);

}  // namespace shmbus::command
