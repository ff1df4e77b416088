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
/// A slot of message n, and what comes next in it (n + capacity, n for short):
///   (never written)
///   FULL(n)      a chunk; drop_oldest: taken by CAS, by the subscriber or an evicting publisher
///   TAKEN(n)     by that CAS
///   SMALL(n)     the message stands in the slot; the subscriber copies it and looks whether the word
///                is still the same. Only the publisher writes here
///   WRITING(n)   over an older one that may not have been read yet. Where the publisher dies now,
///                message n was never published, and the older one is lost
/// A completion:  written by the subscriber when it releases a chunk; read by the publisher
///
/// The subscriber says in `read` how far it is: a queue has room as soon as a message is taken. A
/// chunk comes back when its message is released, in any order; so many completions are on their way
/// at most that none is overwritten.
struct lane_view {
  lane_header* header = nullptr;
  std::byte* slots = nullptr;
  shared_u64* completions = nullptr;
  unsigned slot_log2 = 0;

  shared_u64& word(std::uint32_t index) const noexcept
  {
    return *reinterpret_cast<shared_u64*>(slots + (std::size_t{index} << slot_log2));
  }
  /// Only in lanes that have room for them.
  small_message& small(std::uint32_t index) const noexcept
  {
    return reinterpret_cast<small_slot*>(slots)[index].message;
  }
  bool has_small() const noexcept { return slot_log2 == small_log2; }

  static constexpr unsigned small_log2 = std::countr_zero(sizeof(small_slot));
};

struct lane_shape {
  std::uint32_t capacity;
  std::uint32_t completions;  // a power of two
  std::uint32_t completions_log2;
  unsigned slot_log2;

  constexpr lane_shape(std::uint32_t queue_capacity, std::uint32_t max_held, bool small) noexcept
      : capacity(queue_capacity),
        completions(std::bit_ceil(queue_capacity + max_held + 1)),
        completions_log2(static_cast<std::uint32_t>(std::countr_zero(completions))),
        slot_log2(small ? lane_view::small_log2 : std::countr_zero(sizeof(shared_u64)))
  {
  }

  constexpr std::uint32_t slot_size() const noexcept { return 1u << slot_log2; }
  constexpr std::size_t slots_size() const noexcept
  {
    return ((std::size_t{capacity} << slot_log2) + cache_line - 1) / cache_line * cache_line;
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
    return {header, begin + sizeof(lane_header),
            reinterpret_cast<shared_u64*>(begin + sizeof(lane_header) + slots_size()), slot_log2};
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
  /// How many positions come before it.
  std::uint64_t count(std::uint32_t size) const noexcept { return (lap - 1) * size + index; }
};

}  // namespace shmbus::core
