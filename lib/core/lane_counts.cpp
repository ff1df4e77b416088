#include "core/lane_counts.hpp"

#include "core/atomic.hpp"

#include <algorithm>
#include <bit>

namespace shmbus::core {
namespace {

// The first of [from, to) for which `holds` is false, if it is true for all before and none behind.
template <class Predicate>
std::uint64_t first_without(std::uint64_t from, std::uint64_t to, Predicate holds) noexcept
{
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    if (holds(middle))
      from = middle + 1;
    else
      to = middle;
  }
  return from;
}

// How many words were ever written into a ring: up to some place they are of one lap, behind of the
// one before.
template <class Word>
std::uint64_t written(Word word, std::uint32_t size) noexcept
{
  const std::uint64_t lap = ring_word::lap(word(0).load(acquire));
  if (lap == 0) return 0;
  const auto of_this_lap = [&](std::uint64_t i) {
    return ring_word::lap(word(static_cast<std::uint32_t>(i)).load(acquire)) == lap;
  };
  return (lap - 1) * size + first_without(1, size, of_this_lap);
}

// What was sent and neither read nor overwritten.
std::uint32_t waiting(std::uint64_t read, std::uint32_t capacity, std::uint64_t sent) noexcept
{
  const std::uint64_t oldest = sent > capacity ? sent - capacity : 0;
  return static_cast<std::uint32_t>(sent - std::clamp(read, oldest, sent));
}

}  // namespace

std::optional<lane_counts> count_lane(const bus& b, lessee publisher, std::uint32_t subscriber,
                                      place_word place)
{
  const auto* first = b.control_at<lane_header>(place.page);
  if (!first) return std::nullopt;
  const client_slot& slot = b.slot(subscriber);
  lane_counts counts{publisher, {subscriber, place.generation}};
  counts.capacity = first->capacity.load(relaxed);
  const std::uint32_t max_held = slot.max_held.load(relaxed);
  if (first->publisher.load(relaxed) != publisher.word() ||
      first->subscriber.load(relaxed) != counts.subscriber.word() ||
      counts.capacity - 1 >= max_queue_capacity || max_held - 1 >= max_max_held)
    return std::nullopt;
  const std::uint32_t slot_size = first->slot_size.load(relaxed);
  const lane_shape shape(counts.capacity, max_held, slot_size == sizeof(small_slot));
  auto* header = b.control_at<lane_header>(place.page, shape.size());
  if (!header || header->completions.load(relaxed) != shape.completions ||
      slot_size != shape.slot_size() || header->closed.load(acquire) != 0)
    return std::nullopt;

  const lane_view lane = shape.view(header);
  const std::uint64_t released = written(
      [&](std::uint32_t i) -> const shared_u64& { return lane.completions[i]; }, shape.completions);
  counts.lost = header->lost.load(relaxed);
  counts.taken = header->taken.load(acquire);
  const std::uint64_t chunks = header->chunks_taken.load(relaxed);
  const std::uint64_t read = header->read.load(acquire);
  counts.sent =
      written([&](std::uint32_t i) -> const shared_u64& { return lane.word(i); }, counts.capacity);
  counts.queued = waiting(read, counts.capacity, counts.sent);
  // What was read later is later: the difference may be of two times.
  counts.held = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(chunks - std::min(released, chunks), max_held));

  // Pairs with the release fence of a lease: who reads what a next owner of the pages wrote sees
  // here that one of the two is gone.
  fence(acquire);
  const auto reader = slot_word::unpack(slot.state.load(seq_cst));
  const auto writer = slot_word::unpack(b.slot(publisher.slot).state.load(seq_cst));
  const bool there = reader.owned() && reader.generation == place.generation &&
                     writer.generation == publisher.generation &&
                     (writer.owned() || writer.orphan());
  return there ? std::optional(counts) : std::nullopt;
}

}  // namespace shmbus::core
