#pragma once

#include "core/layout.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shmbus::core {

constexpr std::size_t words_for(std::size_t bytes) noexcept
{
  return (bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
}

/// The size from which on a payload is too large to stand in a lane's slot beside that topic; 0: any is.
constexpr std::size_t small_payloads_below(std::size_t topic) noexcept
{
  const std::size_t words = words_for(topic);
  return words > small_message::text_words
             ? 0
             : (small_message::text_words - words) * sizeof(std::uint64_t) + 1;
}

/// Whether a message is small enough to stand in a lane's slot.
constexpr bool is_small(std::size_t payload, std::size_t topic) noexcept
{
  return payload < small_payloads_below(topic);
}

/// A word out of the bus, or into it; relaxed.
[[gnu::always_inline]] inline void load_word(std::byte* to, const shared_u64& from) noexcept
{
  const std::uint64_t w = from.load(relaxed);
  std::memcpy(to, &w, sizeof w);
}
[[gnu::always_inline]] inline void store_word(shared_u64& to, const std::byte* from) noexcept
{
  std::uint64_t w;
  std::memcpy(&w, from, sizeof w);
  to.store(w, relaxed);
}

/// Calls `one(i)` for each i below `n`, four at a time.
template <class One>
[[gnu::always_inline]] inline void for_each_word(std::size_t n, One one) noexcept
{
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    one(i);
    one(i + 1);
    one(i + 2);
    one(i + 3);
  }
  if (i + 2 <= n) {
    one(i);
    one(i + 1);
    i += 2;
  }
  if (i != n) one(i);
}

[[gnu::always_inline]] inline void store_words(shared_u64* to, const std::byte* from,
                                               std::size_t n) noexcept
{
  for_each_word(
      n, [&](std::size_t i) __attribute__((always_inline)) {
        store_word(to[i], from + i * sizeof(std::uint64_t));
      });
}
[[gnu::always_inline]] inline void load_words(std::byte* to, const shared_u64* from,
                                              std::size_t n) noexcept
{
  for_each_word(
      n, [&](std::size_t i) __attribute__((always_inline)) {
        load_word(to + i * sizeof(std::uint64_t), from[i]);
      });
}

/// A topic as it stands behind a small payload, worked out once for each route.
struct small_topic {
  std::uint32_t size = 0;
  std::uint32_t words = 0;
  std::byte text[small_message::capacity] = {};

  void assign(const char* topic, std::size_t n) noexcept
  {
    size = static_cast<std::uint32_t>(n);
    words = static_cast<std::uint32_t>(words_for(n));
    std::memcpy(text, topic, n);
  }
};

/// A small message on its way into its lanes.
struct small_content {
  std::uint64_t sequence;
  std::uint64_t sent_at_ns;
  std::uint64_t type;
  const std::byte* payload;
  std::size_t payload_size;
  const small_topic& topic;

  /// Relaxed: the release of the slot's word publishes it.
  [[gnu::always_inline]] void write(small_message& to) const noexcept
  {
    to.sequence.store(sequence, relaxed);
    to.sent_at_ns.store(sent_at_ns, relaxed);
    to.type.store(type, relaxed);
    to.sizes.store(std::uint64_t{payload_size} << 32 | topic.size, relaxed);
    const std::size_t whole = payload_size / sizeof(std::uint64_t);
    store_words(to.text, payload, whole);
    shared_u64* next = to.text + whole;
    if (const std::size_t from = whole * sizeof(std::uint64_t); from != payload_size) [[unlikely]]
      (next++)->store(last_word(from), relaxed);
    store_words(next, topic.text, topic.words);
  }

private:
  std::uint64_t last_word(std::size_t from) const noexcept
  {
    std::uint64_t w = 0;
    std::memcpy(&w, payload + from, payload_size - from);
    return w;
  }
};

}  // namespace shmbus::core
