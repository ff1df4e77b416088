#pragma once

#include "core/layout.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace shmbus::core {

/// Where the parts of a lane lie; from private knowledge of its capacity.
///
///   header | slots[capacity] | completions[a power of two, more than capacity + max_held]
///
/// A slot's word:   (never written) -> FULL(n) -> TAKEN(n) -> FULL(n + capacity) -> ...
///                  written by the publisher      by the subscriber, or by the publisher (evicted)
/// A completion:    written by the subscriber when it releases a message; read by the publisher
///
/// A queue has room as soon as a message is taken. The message's chunk comes back when it is
/// released, in any order; so many completions are on their way at most that none is overwritten.
struct lane_view {
  lane_header* header = nullptr;
  shared_u64* slots = nullptr;
  shared_u64* completions = nullptr;
};

struct lane_shape {
  std::uint32_t capacity;
  std::uint32_t completions;  // a power of two
  std::uint32_t completions_log2;

  constexpr lane_shape(std::uint32_t queue_capacity, std::uint32_t max_held) noexcept
      : capacity(queue_capacity),
        completions(std::bit_ceil(queue_capacity + max_held + 1)),
        completions_log2(static_cast<std::uint32_t>(std::countr_zero(completions)))
  {
  }

  constexpr std::size_t slots_size() const noexcept
  {
    return (capacity * sizeof(shared_u64) + cache_line - 1) / cache_line * cache_line;
  }
  constexpr std::size_t size() const noexcept
  {
    return sizeof(lane_header) + slots_size() + completions * sizeof(shared_u64);
  }
  constexpr std::uint32_t pages() const noexcept
  {
    return static_cast<std::uint32_t>((size() + page_size - 1) / page_size);
  }

  lane_view view(lane_header* header) const noexcept
  {
    auto* begin = reinterpret_cast<std::byte*>(header);
    return {header, reinterpret_cast<shared_u64*>(begin + sizeof(lane_header)),
            reinterpret_cast<shared_u64*>(begin + sizeof(lane_header) + slots_size())};
  }
};

/// A position in a ring, kept as index and lap so that moving on needs no division.
struct ring_position {
  std::uint32_t index = 0;
  std::uint64_t lap = 1;

  void advance(std::uint32_t size) noexcept
  {
    if (++index == size) {
      index = 0;
      ++lap;
    }
  }
};

}  // namespace shmbus::core
