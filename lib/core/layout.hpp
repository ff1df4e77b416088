#pragma once

#include "core/shared_word.hpp"
#include "core/words.hpp"
#include "shmbus/topic.hpp"

#include <cstddef>
#include <cstdint>

/// Everything that lies in the files of a bus. Fixed-width words at asserted offsets: a change here
/// is a new layout_version.
namespace shmbus::core {

inline constexpr std::uint64_t bus_magic = 0x3173'7562'6d68'7301;  // "\1shmbus1"
inline constexpr std::uint32_t layout_version = 3;

inline constexpr std::size_t page_size = 4096;
inline constexpr std::size_t cache_line = 64;
/// Chunks begin at multiples of this, so 30 bits name one in 64 GiB.
inline constexpr std::size_t chunk_unit = 64;

inline constexpr std::uint32_t min_clients = 2;
inline constexpr std::uint32_t max_clients_limit = 8192;
inline constexpr std::uint64_t min_buffer_size = std::uint64_t{64} << 10;
inline constexpr std::uint64_t max_buffer_size = std::uint64_t{32} << 30;
inline constexpr std::uint32_t max_queue_capacity = 65536;
inline constexpr std::uint32_t max_max_held = 65536;
inline constexpr std::uint32_t max_subscriptions_limit = 65536;

/// The first page of `control`.
struct bus_header {
  // Written by the creator before the bus has a name, and never again.
  shared_u64 magic;
  shared_u32 version;
  shared_u32 max_clients;
  shared_u64 buffer_size;
  shared_u32 max_subscriptions_per_client;
  shared_u32 mode;
  shared_u64 checksum;

  // + 1 for each change of subscriptions or of who is there; publishers look at it each time.
  alignas(cache_line) shared_u64 routes_version;

  // Bounds for those who walk through tables; only ever raised.
  alignas(cache_line) shared_u32 clients_high_water;
  shared_u32 bells_high_water;
  shared_u32 control_high_water;
  shared_u32 data_high_water;
  shared_u64 last_sweep_ns;
};
static_assert(offsetof(bus_header, routes_version) == 64);
static_assert(offsetof(bus_header, clients_high_water) == 128);
static_assert(sizeof(bus_header) == 192);

enum class client_role : std::uint32_t { none = 0, publisher = 1, subscriber = 2 };

/// The fixed words of one client. Written by its owner, except `state` (by CAS, see slot_state).
struct alignas(2 * cache_line) client_slot {
  shared_u64 state;                  // slot_word
  shared_u64 bell;                   // index + 1 of the bell it sleeps on, 0: none yet
  shared_u64 root;                   // place_word: directory, or first page of patterns
  shared_u64 subscriptions_version;  // + 1 for each change of this subscriber's patterns
  shared_u32 role;
  shared_u32 queue_capacity;
  shared_u32 max_held;
  shared_u32 overflow;
  shared_u32 pid;
  shared_u32 waits_for_subscribers;  // 1: ring this publisher when subscriptions change
  shared_u64 statistics;             // place_word: what it counts, see statistics_layout.hpp
};
static_assert(sizeof(client_slot) == 128);
static_assert(offsetof(client_slot, role) == 32);
static_assert(offsetof(client_slot, statistics) == 56);

/// What a waiting context or thread sleeps on. Leased like a client slot.
struct alignas(cache_line) bell {
  shared_u64 state;           // slot_word: free or live
  shared_u64 armed;           // 2 * ticket + 1 while somebody may sleep on word == ticket, else 0
  shared_u32 word;            // + 1 for each ring, and never set back: no ticket repeats
  shared_u32 told_of_deaths;  // 1: its process learns of a death when it happens
};
static_assert(sizeof(bell) == 64);

/// A subscription. The text is written while the state is 0 and nobody may believe it; the state
/// counts uses (odd: active), so that a reader sees that the entry was used again meanwhile.
struct pattern_entry {
  shared_u32 state;
  shared_u32 size;
  shared_u64 text[32];  // words, since it may be read while it is written again
};
static_assert(sizeof(pattern_entry) == 264);

inline constexpr std::uint32_t patterns_per_page = 15;
struct pattern_page {
  shared_u64 next;  // page number, 0: the last one
  pattern_entry entries[patterns_per_page];
};
static_assert(sizeof(pattern_page) <= page_size);

/// Head of a lane; `capacity` slots and then the ring of completions follow, each on its own cache
/// lines. Lies in pages of the publisher.
struct alignas(2 * cache_line) lane_header {
  // Who it is for; written before the directory names the lane.
  shared_u64 publisher;   // owner_word::of(slot, generation)
  shared_u64 subscriber;  // owner_word::of(slot, generation)
  shared_u32 capacity;
  shared_u32 completions;
  shared_u32 overflow;
  shared_u32 slot_size;  // a word, or a whole small_slot

  // Written by the publisher.
  alignas(cache_line) shared_u64 dropped;  // lost without a position of their own
  shared_u32 want_space;                   // 1: ring the publisher after a take

  // Written by the subscriber.
  alignas(cache_line) shared_u64 read;  // positions that it has taken or gone past
  shared_u64 taken;                     // messages received, for those who look from outside
  shared_u64 chunks_taken;              // of these, those in chunks
  shared_u64 lost;                      // those that it noticed to have lost
  shared_u32 closed;                    // 1: drained after the publisher's end, never touched again
};
static_assert(offsetof(lane_header, dropped) == 64);
static_assert(offsetof(lane_header, read) == 128);
static_assert(sizeof(lane_header) == 256);

/// A small message in its lane, beside the slot's word: no chunk, nothing to give back. Words, since
/// the publisher may write the next one while this one is read.
struct small_message {
  static constexpr std::size_t text_words = 11;
  static constexpr std::size_t capacity = text_words * sizeof(shared_u64);

  shared_u64 sequence;
  shared_u64 sent_at_ns;
  shared_u64 type;
  shared_u64 sizes;             // payload << 32 | topic
  shared_u64 text[text_words];  // payload, and the topic from the next whole word on
};
struct small_slot {
  shared_u64 word;
  small_message message;
};
static_assert(sizeof(small_slot) == 2 * cache_line);

inline constexpr std::size_t inline_topic_size = 20;

/// Head of a message; the payload follows at once. Filled while only its publisher knows the chunk.
struct alignas(cache_line) chunk_header {
  shared_u64 sequence;
  shared_u64 sent_at_ns;
  shared_u64 payload_size;
  shared_u64 type;
  shared_u64 topic_offset;  // from the header's beginning: in the header, or behind the payload
  shared_u32 topic_size;
  char inline_topic[inline_topic_size];
};
static_assert(sizeof(chunk_header) == 64);
static_assert(offsetof(chunk_header, inline_topic) == 44);

}  // namespace shmbus::core
