#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace torture {

/// The writes to shared memory that a process comes by, and the one at which it dies. They are found
/// by running: core::shared_word calls crash_point() before each with its place in the source.
struct crash_point {
  std::size_t index;
  std::uint32_t hits;
};

/// This process comes by them from now on, and dies at the armed one.
void become_victim();

/// Kills the victim before its `occurrence`-th write there, counted from 1.
void arm(std::size_t index, std::uint32_t occurrence);
void disarm();

/// All that victims came by since the last call, and how often.
std::vector<crash_point> take_hits();
/// "lib/core/writer.cpp:71"
std::string name_of(std::size_t index);
/// How many places there were so far.
std::size_t places();

}  // namespace torture
