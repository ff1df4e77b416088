#pragma once

#include "core/chunk_pool.hpp"
#include "core/lane.hpp"
#include "core/small_content.hpp"
#include "shmbus/config.hpp"

#include <cstdint>

namespace shmbus::core {

/// The publisher's side of one lane: pushing, collecting what was released, evicting.
///
/// The subscriber's words are believed only where the private records agree: a completion or a slot
/// that names a chunk not outstanding here, or a message read that was never sent, makes the lane
/// broken, and it is used no more. One that says too early that it has read something loses it.
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
  /// Whether small messages can stand in its slots.
  bool has_small() const noexcept { return lane_.has_small(); }

  /// Whether the next push would find the queue full.
  bool full() noexcept;

  /// Queues a chunk. `full` only for overflow::block; `lost` was counted for the subscriber.
  pushed push(chunk_record& chunk, chunk_pool& pool);
  /// The same for a message that stands in the slot; only if has_small().
  pushed push(const small_content& message, chunk_pool& pool);

  /// Takes back the chunks of released messages.
  void collect(chunk_pool& pool) noexcept;

  /// Takes the oldest message back that the subscriber has not taken; false if there is none.
  bool evict_oldest(chunk_pool& pool) noexcept;

  /// overflow::block: asks to be rung when a message is taken. Only the publisher takes it back.
  void want_space(bool wanted) noexcept;

private:
  // Whether the slot at the write position was read, or never written.
  bool has_room() noexcept { return room_ != 0 || find_room(); }
  bool find_room() noexcept;
  void make_way(shared_u64& word, std::uint64_t with, chunk_pool& pool) noexcept;
  void give_back(chunk_pool& pool, std::uint64_t chunk) noexcept;
  void count_lost() noexcept;
  pushed refuse() noexcept;

  lane_view lane_;
  lane_shape shape_;
  ring_position write_;
  ring_position oldest_;           // no message before it can be evicted
  ring_position collected_;        // of the completions
  std::uint32_t outstanding_ = 0;  // chunks
  std::uint32_t room_;             // so many positions at least are free
  std::uint32_t id_;
  std::uint32_t first_page_;
  std::uint32_t subscriber_;
  shmbus::overflow policy_;
  bool broken_ = false;
};

inline writer_lane::pushed writer_lane::push(chunk_record& chunk, chunk_pool& pool)
{
  if (broken_) return pushed::broken;
  if (outstanding_ >= shape_.capacity) {
    collect(pool);
    if (broken_) return pushed::broken;
    // Each outstanding message can become a completion, and none may overwrite one that was not
    // collected. Only a releasing thread that stopped half-way can bring it to that.
    if (outstanding_ >= shape_.completions) {
      count_lost();
      return pushed::lost;
    }
  }
  const bool room = has_room();
  if (!room && (broken_ || policy_ != shmbus::overflow::drop_oldest)) return refuse();

  shared_u64& word = lane_.word(write_.index);
  const std::uint64_t full = ring_word::of(write_.lap, chunk.chunk);
  chunk.add(id_);
  ++outstanding_;
  if (room) {
    word.store(full, release);  // publishes the message; pairs with the acquire of look()
    --room_;
  } else {
    make_way(word, full, pool);
  }
  write_.advance(shape_.capacity);
  return pushed::sent;
}

[[gnu::always_inline]] inline writer_lane::pushed writer_lane::push(const small_content& message,
                                                                    chunk_pool& pool)
{
  if (broken_) return pushed::broken;
  shared_u64& word = lane_.word(write_.index);
  if (has_room()) {
    --room_;
  } else {
    if (broken_ || policy_ != shmbus::overflow::drop_oldest) return refuse();
    make_way(word, ring_word::of(write_.lap, ring_word::writing), pool);
    // Pairs with the acquire fence of a reader that copies the message before: whoever sees a word of
    // this one sees WRITING too.
    fence(release);
  }
  message.write(lane_.small(write_.index));
  // release: publishes the message; pairs with the acquire of look().
  word.store(ring_word::of(write_.lap, ring_word::small), release);
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
