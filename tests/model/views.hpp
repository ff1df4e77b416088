#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// Who knows what: the parts that the memory model is made of.
namespace model {

inline constexpr std::size_t most_fibers = 12;
inline constexpr std::size_t most_locations = 768;

/// Position in the order in which the values of one word were written.
using stamp = std::uint16_t;

/// What a fiber has to see at least, of each word; and what happened before it, for each fiber.
struct view {
  std::uint16_t happened[most_fibers];
  stamp seen[most_locations];

  void clear(std::size_t locations) noexcept
  {
    std::fill_n(happened, most_fibers, std::uint16_t{0});
    std::fill_n(seen, locations, stamp{0});
  }
  void assign(const view& other, std::size_t locations) noexcept
  {
    std::copy_n(other.happened, most_fibers, happened);
    std::copy_n(other.seen, locations, seen);
  }
  void join(const view& other, std::size_t locations) noexcept
  {
    for (std::size_t i = 0; i != most_fibers; ++i)
      happened[i] = std::max(happened[i], other.happened[i]);
    join_seen(other, locations);
  }
  void join_seen(const view& other, std::size_t locations) noexcept
  {
    for (std::size_t i = 0; i != locations; ++i) seen[i] = std::max(seen[i], other.seen[i]);
  }
};

/// The views of one fiber.
struct views {
  view current;   // what it sees
  view acquired;  // what it will see after its next acquire fence
  view released;  // what its relaxed stores pass on: what it saw at its last release fence
  bool has_released = false;
};

}  // namespace model
