#include "core/writer_lane.hpp"

namespace shmbus::core {

writer_lane::writer_lane(lane_header* memory, lane_shape shape, lessee publisher, lessee subscriber,
                         shmbus::overflow policy, std::uint32_t id,
                         std::uint32_t first_page) noexcept
    : lane_(shape.view(memory)),
      shape_(shape),
      room_(shape.capacity),
      id_(id),
      first_page_(first_page),
      subscriber_(subscriber.slot),
      policy_(policy)
{
  // Relaxed: the release of the directory entry publishes all of it.
  lane_header& h = *lane_.header;
  h.publisher.store(publisher.word(), relaxed);
  h.subscriber.store(subscriber.word(), relaxed);
  h.capacity.store(shape.capacity, relaxed);
  h.completions.store(shape.completions, relaxed);
  h.overflow.store(static_cast<std::uint32_t>(policy), relaxed);
  h.slot_size.store(shape.slot_size(), relaxed);
  h.dropped.store(0, relaxed);
  h.want_space.store(0, relaxed);
  h.read.store(0, relaxed);
  h.closed.store(0, relaxed);
  h.taken.store(0, relaxed);
  h.chunks_taken.store(0, relaxed);
  h.lost.store(0, relaxed);
  for (std::uint32_t i = 0; i != shape.capacity; ++i) lane_.word(i).store(0, relaxed);
  for (std::uint32_t i = 0; i != shape.completions; ++i) lane_.completions[i].store(0, relaxed);
}

bool writer_lane::full() noexcept { return !broken_ && !has_room(); }

bool writer_lane::find_room() noexcept
{
  // acquire: pairs with the release in reader_lane::passed(), after which it looks at those slots no
  // more.
  const std::uint64_t read = lane_.header->read.load(acquire);
  const std::uint64_t written = write_.count(shape_.capacity);
  if (read > written) broken_ = true;
  if (broken_ || written - read >= shape_.capacity) return false;
  room_ = shape_.capacity - static_cast<std::uint32_t>(written - read);
  return true;
}

writer_lane::pushed writer_lane::refuse() noexcept
{
  if (broken_) return pushed::broken;
  if (policy_ == shmbus::overflow::block) return pushed::full;
  count_lost();
  return pushed::lost;
}

// The message of one lap ago gives way, read or not. Where it was a chunk we learn which.
void writer_lane::make_way(shared_u64& word, std::uint64_t with, chunk_pool& pool) noexcept
{
  // release: publishes the message, if it is one; acquire: pairs with the subscriber's take, if it was
  // faster.
  const std::uint64_t old = word.exchange(with, acq_rel);
  if (ring_word::is_chunk(old)) give_back(pool, ring_word::chunk(old));
}

bool writer_lane::evict_oldest(chunk_pool& pool) noexcept
{
  if (policy_ != shmbus::overflow::drop_oldest || broken_) return false;
  // No more than a ring of messages can be there.
  if (write_.lap > oldest_.lap + 1 || (write_.lap > oldest_.lap && write_.index > oldest_.index)) {
    oldest_ = {write_.index, write_.lap - 1};
  }
  while (oldest_.lap != write_.lap || oldest_.index != write_.index) {
    shared_u64& slot = lane_.word(oldest_.index);
    const std::uint64_t lap = oldest_.lap & ring_word::lap_mask;
    std::uint64_t word = slot.load(relaxed);
    oldest_.advance(shape_.capacity);
    if (ring_word::lap(word) != lap || !ring_word::is_chunk(word)) continue;
    const std::uint64_t chunk = ring_word::chunk(word);
    // acquire: the subscriber that loses this race has read nothing of the chunk.
    if (!slot.compare_exchange(word, ring_word::of(lap, ring_word::taken), acquire)) continue;
    give_back(pool, chunk);
    return true;
  }
  return false;
}

void writer_lane::want_space(bool wanted) noexcept
{
  // seq_cst: pairs with the fence between the subscriber's `read` and its look at this word.
  lane_.header->want_space.store(wanted ? 1 : 0, seq_cst);
}

void writer_lane::count_lost() noexcept
{
  // One writer, so no RMW. release: read by the subscriber after it took a later message.
  lane_.header->dropped.store(lane_.header->dropped.load(relaxed) + 1, release);
}

}  // namespace shmbus::core
