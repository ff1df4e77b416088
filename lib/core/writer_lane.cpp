#include "core/writer_lane.hpp"

namespace shmbus::core {

writer_lane::writer_lane(lane_header* memory, lane_shape shape, lessee publisher, lessee subscriber,
                         shmbus::overflow policy, std::uint32_t id,
                         std::uint32_t first_page) noexcept
    : lane_(shape.view(memory)),
      shape_(shape),
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
  h.dropped.store(0, relaxed);
  h.want_space.store(0, relaxed);
  h.closed.store(0, relaxed);
  for (std::uint32_t i = 0; i != shape.capacity; ++i) lane_.slots[i].store(0, relaxed);
  for (std::uint32_t i = 0; i != shape.completions; ++i) lane_.completions[i].store(0, relaxed);
}

bool writer_lane::full(chunk_pool& pool) noexcept
{
  if (outstanding_ < shape_.capacity) return false;
  collect(pool);
  return outstanding_ >= shape_.capacity && !broken_ && occupied();
}

bool writer_lane::evict_oldest(chunk_pool& pool) noexcept
{
  if (policy_ != shmbus::overflow::drop_oldest || broken_) return false;
  // No more than a ring of messages can be there.
  if (write_.lap > oldest_.lap + 1 || (write_.lap > oldest_.lap && write_.index > oldest_.index)) {
    oldest_ = {write_.index, write_.lap - 1};
  }
  while (oldest_.lap != write_.lap || oldest_.index != write_.index) {
    shared_u64& slot = lane_.slots[oldest_.index];
    const std::uint64_t lap = oldest_.lap & ring_word::lap_mask;
    std::uint64_t word = slot.load(relaxed);
    oldest_.advance(shape_.capacity);
    if (ring_word::lap(word) != lap || ring_word::chunk(word) == 0) continue;
    const std::uint64_t chunk = ring_word::chunk(word);
    // acquire: the subscriber that loses this race has read nothing of the chunk.
    if (!slot.compare_exchange(word, ring_word::of(lap, 0), acquire)) continue;
    give_back(pool, chunk);
    return true;
  }
  return false;
}

void writer_lane::want_space(bool wanted) noexcept
{
  // seq_cst: pairs with the fence between the subscriber's TAKEN and its look at this word.
  lane_.header->want_space.store(wanted ? 1 : 0, seq_cst);
}

void writer_lane::count_lost() noexcept
{
  // One writer, so no RMW. release: read by the subscriber after it took a later message.
  lane_.header->dropped.store(lane_.header->dropped.load(relaxed) + 1, release);
}

}  // namespace shmbus::core
