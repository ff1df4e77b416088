#pragma once

#include "core/atomic.hpp"
#include "core/bells.hpp"
#include "core/bus.hpp"
#include "core/chunk_sizes.hpp"
#include "core/lane.hpp"
#include "core/own_messages.hpp"
#include "core/page_table.hpp"
#include "core/small_content.hpp"
#include "core/statistics_layout.hpp"
#include "shm/single_threaded.hpp"
#include "shmbus/config.hpp"
#include "shmbus/message.hpp"

#include <cstdint>

namespace shmbus::core {

class reader;

/// How many laps `lap` is ahead of `expected`; both count modulo 2^34.
inline std::int64_t laps_ahead(std::uint64_t lap, std::uint64_t expected) noexcept
{
  constexpr unsigned unused = ring_word::chunk_bits;
  return static_cast<std::int64_t>((lap - expected) << unused) >> unused;
}

/// The subscriber's side of one lane.
///
/// Taking belongs to the one thread that receives; releasing may happen on any thread, also after
/// the subscriber is gone. The lane object lives until it is finished and all its messages are
/// released.
struct reader_lane {
  enum class found { message, nothing, corrupt, no_memory };

  reader_lane(lessee publisher, lane_view view, lane_shape shape, shmbus::overflow policy) noexcept
      : publisher_(publisher), lane_(view), shape_(shape), policy_(policy)
  {
  }

  lessee publisher() const noexcept { return publisher_; }

  /// Goes past what was lost, up to the next message if there is one. Takes nothing.
  found look() noexcept;
  /// Takes what look() found; a small one into memory of `own`. `nothing`: the publisher evicted it
  /// meanwhile; look again.
  found take(bus& b, own_messages& own, detail::received& out) noexcept;

  /// Messages lost in this lane since the last call.
  std::uint64_t collect_lost() noexcept;
  /// Lets those who look from outside know of them.
  void count_lost(std::uint64_t n) noexcept { count(lane_.header->lost, n); }

  /// Gives a message's chunk back to its publisher. Any thread. True if it was the last of a
  /// finished lane: the caller then ends the lane.
  bool release(std::uint64_t chunk) noexcept;

  /// Nothing will be taken any more. True if all messages are released already: the caller then ends
  /// the lane. Else the release of the last one will.
  bool finish() noexcept;

  /// Messages that are taken and not yet released. Counts a release only when its completion stands.
  std::uint64_t held() noexcept;

  /// Drained after its publisher's end: the last access.
  void close() noexcept { lane_.header->closed.store(1, std::memory_order_release); }
  bool drained = false;

  std::uint32_t fruitless = 0;  ///< looks in a row that found nothing

private:
  friend class reader;
  bool stands(std::uint64_t release) const noexcept;
  bool all_released() noexcept;
  bool read_head(const bus& b, std::uint64_t chunk, detail::received& out) const noexcept;
  found take_chunk(const bus& b, detail::received& out) noexcept;
  found take_small(own_messages& own, detail::received& out) noexcept;
  void passed(bus& b) noexcept;

  lessee publisher_;
  lane_view lane_;
  lane_shape shape_;
  shmbus::overflow policy_;
  ring_position next_;
  std::uint64_t word_ = 0;  // what look() found
  std::uint64_t lost_ = 0;
  std::uint64_t dropped_ = 0;  // of lane_header::dropped, already counted
  std::uint64_t received_ = 0;
  std::uint64_t taken_ = 0;   // of those, with a chunk of the publisher's
  std::uint64_t stored_ = 0;  // completions that were seen to stand, in order

  // On a line of its own: other threads write it. Releases begun, and whether the lane is finished.
  static constexpr std::uint64_t finished = std::uint64_t{1} << 63;
  alignas(cache_line) atomic<std::uint64_t> releases_{0};
};

inline reader_lane::found reader_lane::look() noexcept
{
  while (true) {
    // acquire: pairs with the publisher's store or exchange; the message is there.
    const std::uint64_t word = lane_.word(next_.index).load(acquire);
    // Most often one comparison tells.
    if (word == ring_word::of(next_.lap, ring_word::small)) {
      word_ = word;
      return found::message;
    }
    const std::uint64_t lap = ring_word::lap(word);
    // A slot that was never written has lap 0: one behind.
    const std::int64_t ahead = laps_ahead(lap, next_.lap);
    if (ahead < 0) {
      // Who polls has the message's second line on its way together with the first.
      if (lane_.has_small()) __builtin_prefetch(&lane_.small(next_.index).text[cache_line / 8 - 5]);
      return found::nothing;
    }
    if (ahead > 0) {
      if (policy_ != shmbus::overflow::drop_oldest) return found::corrupt;
      // This slot was written again: all up to and including its last message are lost.
      lost_ += static_cast<std::uint64_t>(ahead - 1) * shape_.capacity + 1;
      next_.lap += static_cast<std::uint64_t>(ahead - 1);
      next_.advance(shape_.capacity);
      continue;
    }
    const std::uint64_t kind = ring_word::chunk(word);
    if (kind == ring_word::writing) return found::nothing;
    if (kind == ring_word::taken) {
      if (policy_ != shmbus::overflow::drop_oldest) return found::corrupt;
      ++lost_;  // evicted before its time, when the publisher was short of memory
      next_.advance(shape_.capacity);
      continue;
    }
    word_ = word;
    return found::message;
  }
}

[[gnu::always_inline]] inline reader_lane::found reader_lane::take(bus& b, own_messages& own,
                                                                   detail::received& out) noexcept
{
  const bool small = ring_word::chunk(word_) == ring_word::small;
  const found result = small ? take_small(own, out) : take_chunk(b, out);
  if (result == found::nothing || result == found::no_memory) return result;
  passed(b);
  if (result == found::message) lane_.header->taken.store(++received_, relaxed);
  out.publisher = {publisher_.slot, publisher_.generation};
  return result;
}

// The queue has room for one more; and nothing of the slot is read from here on.
inline void reader_lane::passed(bus& b) noexcept
{
  next_.advance(shape_.capacity);
  // release: pairs with writer_lane::find_room().
  lane_.header->read.store(next_.count(shape_.capacity), core::release);
  if (policy_ != shmbus::overflow::block) return;
  // Pairs with the seq_cst store of want_space: the publisher sees the room, or we its wish.
  fence(seq_cst);
  if (lane_.header->want_space.load(seq_cst) != 0) ring_client(b, publisher_.slot);
}

[[gnu::always_inline]] inline reader_lane::found reader_lane::take_small(
    own_messages& own, detail::received& out) noexcept
{
  if (!lane_.has_small()) return found::corrupt;
  // Each word loaded once; all of them belong together if the slot's word is still the same after.
  const small_message& from = lane_.small(next_.index);
  const std::uint64_t sizes = from.sizes.load(relaxed);
  const std::uint64_t payload = sizes >> 32;
  const std::uint64_t topic = sizes & 0xffff'ffff;
  const bool fits = is_small(payload, topic);
  own_block* const to = fits ? own.take(small_message::capacity) : nullptr;
  if (fits && !to) return found::no_memory;
  if (to) {
    // All words of the slot: shorter than to count those that matter.
    load_words(to->bytes(), from.text, small_message::text_words);
    out.sequence = from.sequence.load(relaxed);
    out.sent_at_ns = static_cast<std::int64_t>(from.sent_at_ns.load(relaxed));
    out.type = from.type.load(relaxed);
  }
  // Pairs with the release fence of writer_lane::push(): if a word was the next message's, so is this.
  fence(acquire);
  if (lane_.word(next_.index).load(relaxed) != word_) {
    if (to) own.give_back(*to);
    return found::nothing;
  }
  if (!to) return found::corrupt;
  out.payload = to->bytes();
  out.payload_size = payload;
  out.topic =
      reinterpret_cast<const char*>(to->bytes()) + words_for(payload) * sizeof(std::uint64_t);
  out.topic_size = topic;
  out.lane = nullptr;
  out.block = to;
  return found::message;
}

inline reader_lane::found reader_lane::take_chunk(const bus& b, detail::received& out) noexcept
{
  // Head and payload are on their way while we wait for the slot. Nothing of them is read yet, so the
  // message need not be ours, nor be there: a wrong address does no harm.
  const std::uint64_t chunk = ring_word::chunk(word_);
  const std::byte* memory = b.data() + chunk * chunk_unit;
  __builtin_prefetch(memory);
  __builtin_prefetch(memory + sizeof(chunk_header));
  if (policy_ == shmbus::overflow::drop_oldest) {
    // acquire: whoever wins this word has the chunk; nothing of it was read before.
    std::uint64_t expected = word_;
    const std::uint64_t taken = ring_word::of(next_.lap & ring_word::lap_mask, ring_word::taken);
    if (!lane_.word(next_.index).compare_exchange(expected, taken, acq_rel)) return found::nothing;
  }
  if (!read_head(b, chunk, out)) return found::corrupt;
  lane_.header->chunks_taken.store(++taken_, relaxed);
  out.lane = this;
  out.chunk = chunk;
  return found::message;
}

inline bool reader_lane::read_head(const bus& b, std::uint64_t chunk,
                                   detail::received& out) const noexcept
{
  const std::uint64_t size = b.limits().data_size;
  const std::uint64_t offset = chunk * chunk_unit;
  if (!is_chunk_place(offset, size)) return false;
  const std::byte* memory = b.data() + offset;
  const auto& h = *reinterpret_cast<const chunk_header*>(memory);
  const chunk_sizes sizes(h);
  if (!sizes.fit(size - offset)) return false;
  out.payload = memory + sizeof(chunk_header);
  out.payload_size = sizes.payload;
  out.topic = reinterpret_cast<const char*>(memory + sizes.topic_offset);
  out.topic_size = sizes.topic;
  out.sequence = h.sequence.load(relaxed);
  out.sent_at_ns = static_cast<std::int64_t>(h.sent_at_ns.load(relaxed));
  out.type = h.type.load(relaxed);
  return true;
}

inline std::uint64_t reader_lane::collect_lost() noexcept
{
  // acquire: pairs with writer_lane::count_lost().
  const std::uint64_t dropped = lane_.header->dropped.load(acquire);
  const std::uint64_t lost = lost_ + (dropped - dropped_);
  dropped_ = dropped;
  lost_ = 0;
  return lost;
}

inline bool reader_lane::release(std::uint64_t chunk) noexcept
{
  // acq_rel: the last release of a finished lane sees what finish() saw. Else it only deals out
  // numbers; the completion's own order carries the chunk.
  std::uint64_t begun;
  if (shm::single_threaded()) {
    begun = releases_.load(std::memory_order_relaxed);
    releases_.store(begun + 1, std::memory_order_relaxed);
  } else {
    begun = releases_.fetch_add(1, std::memory_order_acq_rel);
  }
  const std::uint64_t k = begun & ~finished;
  // Known before the completion stands: from then on, unless we are the last, the lane may be gone.
  const bool last = (begun & finished) && k + 1 == taken_;
  // release: pairs with writer_lane::collect(); we have read the chunk.
  lane_.completions[k & (shape_.completions - 1)].store(
      ring_word::of(((k >> shape_.completions_log2) + 1) & ring_word::lap_mask, chunk),
      core::release);
  return last && all_released();
}

}  // namespace shmbus::core
