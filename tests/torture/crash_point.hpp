#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace torture {

/// The steps of a process that others can see, and the one before which it dies or stops. They are
/// found by running: core::shared_word calls crash_point() before each write to shared memory, and the
/// functions of fail_nth.cpp call_point() before each system call, with the place in the source.
struct crash_point {
  std::size_t index;
  std::uint32_t hits;
};

enum class steps { writes, writes_and_calls };

/// This process comes by them from now on, and dies or stops at the armed one.
void become_victim(steps s = steps::writes);
void be_victim_no_more();

/// Kills the victim before its `occurrence`-th step there, counted from 1.
void arm(std::size_t index, std::uint32_t occurrence);
/// Stops the victim (SIGSTOP) before its `n`-th step of all, counted from 1 and from here on.
void arm_stop(std::uint32_t n);
void disarm();
/// Before which step the last one stopped, as name_of() has it.
std::string where_it_stopped();

/// All that victims came by since the last call, and how often.
std::vector<crash_point> take_hits();
/// "lib/core/writer.cpp:71", or the signature of a function of the C library.
std::string name_of(std::size_t index);
/// How many places there were so far.
std::size_t places();

/// A system call is about to be made.
void call_point(const std::source_location& where);

}  // namespace torture
