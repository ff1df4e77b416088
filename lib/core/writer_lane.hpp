#pragma once

#include "core/chunk_pool.hpp"
#include "core/lane.hpp"
#include "shmbus/config.hpp"

#include <cstdint>

namespace shmbus::core {

/// The publisher's side of one lane: pushing, collecting what was released, evicting.
///
/// The subscriber's words are believed only where the private records agree: a completion or a slot
/// that names a chunk not outstanding here makes the lane broken, and it is used no more.
/// Threads: the publisher's lock guards it.
class writer_lane {
public:
  enum class pushed { sent, full, lost, broken };

  /// Fills the pages of a new lane; nothing points to them yet.
  writer_lane(lane_header* memory, lane_shape shape, lessee publisher, lessee subscriber,
              shmbus::overflow policy, std::uint32_t id, std::uint32_t first_page) noexcept;

  std::uint32_t id() const noexcept { return id_; }
  std::uint32_t first_page() const noexcept { return first_page_; }
  std::uint32_t pages() const noexcept { return shape_.pages(); }
  std::uint32_t subscriber() const noexcept { return subscriber_; }
  shmbus::overflow policy() const noexcept { return policy_; }
  bool broken() const noexcept { return broken_; }

  /// Whether the next push would find the queue full. Collects first.
  bool full(chunk_pool& pool) noexcept;

  /// Queues a chunk. `full` only for overflow::block; `lost` was counted for the subscriber.
  pushed push(chunk_record& chunk, chunk_pool& pool);

  /// Takes back the chunks of released messages.
  void collect(chunk_pool& pool) noexcept;

  /// Takes the oldest message back that the subscriber has not taken; false if there is none.
  bool evict_oldest(chunk_pool& pool) noexcept;

  /// overflow::block: asks to be rung when a message is taken. Only the publisher takes it back.
  void want_space(bool wanted) noexcept;

private:
  // Whether the slot at the write position still holds the message of one lap ago.
  bool occupied() const noexcept;
  void give_back(chunk_pool& pool, std::uint64_t chunk) noexcept;
  void count_lost() noexcept;

  lane_view lane_;
  lane_shape shape_;
  ring_position write_;
  ring_position oldest_;     // no message before it can be evicted
  ring_position collected_;  // of the completions
  std::uint32_t outstanding_ = 0;
  std::uint32_t id_;
  std::uint32_t first_page_;
  std::uint32_t subscriber_;
  shmbus::overflow policy_;
  bool broken_ = false;
};

inline bool writer_lane::occupied() const noexcept
{
  // acquire: pairs with the subscriber's TAKEN, after which it looks at this slot no more.
  const std::uint64_t word = lane_.slots[write_.index].load(acquire);
  return ring_word::chunk(word) != 0;
}

inline writer_lane::pushed writer_lane::push(chunk_record& chunk, chunk_pool& pool)
{
  if (broken_) return pushed::broken;
  shared_u64& slot = lane_.slots[write_.index];
  const std::uint64_t word = ring_word::of(write_.lap, chunk.chunk);

  if (outstanding_ >= shape_.capacity) {
    collect(pool);
    if (broken_) return pushed::broken;
    // Each outstanding message can become a completion, and none may overwrite one that was not
    // collected. Only a releasing thread that stopped half-way can bring it to that.
    if (outstanding_ >= shape_.completions) {
      count_lost();
      return pushed::lost;
    }
    if (policy_ != shmbus::overflow::drop_oldest && occupied()) {
      if (policy_ == shmbus::overflow::block) return pushed::full;
      count_lost();
      return pushed::lost;
    }
  }

  chunk.add(id_);
  ++outstanding_;
  if (policy_ == shmbus::overflow::drop_oldest && outstanding_ > shape_.capacity) {
    // release: publishes the message; acquire: pairs with the subscriber's take, if it was faster.
    const std::uint64_t old = slot.exchange(word, acq_rel);
    if (const std::uint64_t evicted = ring_word::chunk(old)) give_back(pool, evicted);
  } else {
    // Less than a full ring is outstanding, or the slot was seen TAKEN: nobody else writes it.
    slot.store(word, release);  // publishes the message; pairs with the acquire of the take
  }
  write_.advance(shape_.capacity);
  return pushed::sent;
}

inline void writer_lane::collect(chunk_pool& pool) noexcept
{
  while (outstanding_ != 0) {
    // acquire: pairs with the release of the completion; the subscriber is done with the chunk.
    const std::uint64_t word = lane_.completions[collected_.index].load(acquire);
    if (ring_word::lap(word) != (collected_.lap & ring_word::lap_mask)) return;
    collected_.advance(shape_.completions);
    give_back(pool, ring_word::chunk(word));
    if (broken_) return;
  }
}

inline void writer_lane::give_back(chunk_pool& pool, std::uint64_t chunk) noexcept
{
  chunk_record* r = pool.find(chunk);
  if (!r || !r->remove(id_)) {
    broken_ = true;
    return;
  }
  --outstanding_;
  if (r->outstanding == 0) pool.give_back(*r);
}

}  // namespace shmbus::core
