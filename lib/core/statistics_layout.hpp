#pragma once

#include "core/layout.hpp"

#include <cstddef>
#include <cstdint>

/// What clients count of themselves, for those who look at the bus from outside.
///
/// In pages of the client, found through `client_slot::statistics`; they go with it. Each word is
/// written by its client alone, under whatever keeps its threads apart: a relaxed load and a relaxed
/// store. Whoever reads them sees each word as it was at some time shortly before, and no two of the
/// same time.
namespace shmbus::core {

/// Raises a word of one's own.
[[gnu::always_inline]] inline void count(shared_u64& word, std::uint64_t by = 1) noexcept
{
  word.store(word.load(relaxed) + by, relaxed);
}

/// Bucket i counts what took less than 2^i ns and not less than 2^(i-1); the last one all the rest.
inline constexpr std::uint32_t latency_buckets = 40;

struct subscriber_page {
  shared_u64 received;
  shared_u64 bytes;  // of payload
  shared_u64 lost;
  shared_u64 latency_ns;  // the sum of what is counted in `latency`
  alignas(cache_line) shared_u64 latency[latency_buckets];
};
static_assert(offsetof(subscriber_page, latency) == 64);
static_assert(sizeof(subscriber_page) <= page_size);

/// What was published on a topic. The text begins in the entry and goes on behind it; the next entry
/// begins at the next cache line.
struct alignas(cache_line) topic_entry {
  shared_u64 messages;
  shared_u64 bytes;       // of payload
  shared_u64 unheard;     // of the messages: those for which there was no subscriber
  shared_u64 last_size;   // of the payload that was sent last
  shared_u64 last_at_ns;  // when that was; 0: never, or the publisher does not look at the clock
  shared_u32 topic_size;  // 0: all topics that have no entry of their own
  shared_u32 unused;
  shared_u64 text[2];

  static constexpr std::uint32_t size_for(std::size_t topic_size) noexcept
  {
    const std::size_t size = offsetof(topic_entry, text) + topic_size;
    return static_cast<std::uint32_t>((size + cache_line - 1) / cache_line * cache_line);
  }
};
static_assert(sizeof(topic_entry) == 64);
static_assert(offsetof(topic_entry, text) == 48);

/// Entries up to `end`; the first one of the first page is that of all other topics.
struct topic_page {
  shared_u64 next;                 // place_word of the next page, 0: none
  shared_u64 end;                  // bytes of the page that are in use; what is below stays
  shared_u64 refused_queue_full;   // in the first page: tries to publish that found a queue full
  shared_u64 refused_buffer_full;  // and those for which there was no memory
};
static_assert(sizeof(topic_page) <= cache_line);
inline constexpr std::uint32_t topic_page_begin = cache_line;  // of the first entry

/// Pages of topics that a publisher has at most.
inline constexpr std::uint32_t most_topic_pages = 128;

}  // namespace shmbus::core
