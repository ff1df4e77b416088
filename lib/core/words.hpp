#pragma once

#include <cstdint>

/// What the 64-bit words of a bus hold, packed and unpacked in one place.
namespace shmbus::core {

/// State of a client slot or a bell. What a killed process can leave: every one of these but free.
enum class slot_state : std::uint8_t {
  free = 0,     ///< generation is that of the last owner
  live = 1,     ///< owned by whoever holds the lock byte
  leaving = 2,  ///< a subscriber that still holds messages
  dying = 3,    ///< declared gone; not everybody has been told yet
  dead = 4,     ///< everybody told; a publisher's unread messages stay readable
  reclaim = 5,  ///< its pages are being given back
};

/// A slot's state word. Every change is a CAS that names the generation, so that one who comes back
/// after hours finds his step already done.
struct slot_word {
  slot_state state = slot_state::free;
  std::uint32_t generation = 0;

  static constexpr slot_word unpack(std::uint64_t w) noexcept
  {
    return {static_cast<slot_state>(w & 0xff), static_cast<std::uint32_t>(w >> 32)};
  }
  constexpr std::uint64_t pack() const noexcept
  {
    return std::uint64_t{generation} << 32 | static_cast<std::uint64_t>(state);
  }
  friend constexpr bool operator==(slot_word, slot_word) = default;

  /// The owner still may write to the bus.
  constexpr bool owned() const noexcept
  {
    return state == slot_state::live || state == slot_state::leaving;
  }
  /// Gone, and what it published still lies in its pages.
  constexpr bool orphan() const noexcept
  {
    return state == slot_state::dying || state == slot_state::dead;
  }
};

/// Owner of a page: {client slot + 1, generation}, 0 if free. The top bit remembers, through any
/// number of owners, that the file system has room for the page.
struct owner_word {
  static constexpr std::uint64_t reserved = std::uint64_t{1} << 63;

  static constexpr std::uint64_t of(std::uint32_t slot, std::uint32_t generation) noexcept
  {
    return std::uint64_t{generation} << 16 | (slot + 1);
  }
  static constexpr std::uint64_t owner(std::uint64_t w) noexcept { return w & ~reserved; }
};

/// Where something of a client begins: {page number, generation of the client it is for}, 0 if
/// nowhere. Page 0 of `control` is the header, so no run begins there.
struct place_word {
  std::uint32_t page = 0;
  std::uint32_t generation = 0;

  static constexpr place_word unpack(std::uint64_t w) noexcept
  {
    return {static_cast<std::uint32_t>(w), static_cast<std::uint32_t>(w >> 32)};
  }
  constexpr std::uint64_t pack() const noexcept { return std::uint64_t{generation} << 32 | page; }
};

/// A word of a ring: the lap on which it was written and a chunk, in units of 64 bytes.
///
/// In a lane's slots the numbers below first_chunk, where no chunk can be, say something else. A lap
/// of 0 means never written. 34 bits of lap are enough: a reader would have to be stopped for 2^33
/// messages per slot to mistake a position.
struct ring_word {
  static constexpr std::uint64_t taken = 0;    ///< received where that takes it, or evicted
  static constexpr std::uint64_t small = 1;    ///< the message stands in the slot itself
  static constexpr std::uint64_t writing = 2;  ///< one is being written there over an older one
  static constexpr std::uint64_t first_chunk = 64;  // page 0 is never leased

  static constexpr unsigned chunk_bits = 30;
  static constexpr std::uint64_t chunk_mask = (std::uint64_t{1} << chunk_bits) - 1;
  static constexpr std::uint64_t lap_mask = (std::uint64_t{1} << (64 - chunk_bits)) - 1;

  static constexpr std::uint64_t of(std::uint64_t lap, std::uint64_t chunk) noexcept
  {
    return lap << chunk_bits | chunk;
  }
  static constexpr std::uint64_t lap(std::uint64_t w) noexcept { return w >> chunk_bits; }
  static constexpr std::uint64_t chunk(std::uint64_t w) noexcept { return w & chunk_mask; }
  static constexpr bool is_chunk(std::uint64_t w) noexcept { return chunk(w) >= first_chunk; }
};

}  // namespace shmbus::core
