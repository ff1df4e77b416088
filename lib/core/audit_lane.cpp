#include "core/audit_look.hpp"
#include "core/bells.hpp"
#include "core/chunk_sizes.hpp"
#include "core/clients.hpp"
#include "core/small_content.hpp"

#include <algorithm>
#include <bit>

namespace shmbus::core {
namespace {

std::string position_text(std::uint64_t index, std::uint64_t lap)
{
  return "slot " + std::to_string(index) + ", lap " + std::to_string(lap);
}

}  // namespace

void audit_look::look_at_lane(lessee publisher, slot_state state, std::uint32_t subscriber,
                              place_word place)
{
  const std::string name =
      "lane " + std::to_string(publisher.slot) + " -> " + std::to_string(subscriber);
  const auto* header = bus_.control_at<lane_header>(place.page);
  if (!header) return problem(name + " begins outside of the pages");
  const lessee reader{subscriber, place.generation};
  const std::uint32_t capacity = header->capacity.load(relaxed);
  const std::uint32_t completions = header->completions.load(relaxed);
  const std::uint32_t overflow = header->overflow.load(relaxed);
  const std::uint32_t slot_size = header->slot_size.load(relaxed);
  if (capacity - 1 >= max_queue_capacity || !std::has_single_bit(completions) ||
      completions <= capacity || completions > 2 * (max_queue_capacity + max_max_held + 1) ||
      overflow > static_cast<std::uint32_t>(shmbus::overflow::block) ||
      (slot_size != sizeof(shared_u64) && slot_size != sizeof(small_slot)))
    return problem(name + " has a size that there is not");
  if (header->publisher.load(relaxed) != publisher.word() ||
      header->subscriber.load(relaxed) != reader.word())
    return problem(name + " says that it is between others");
  // As the publisher made it; which subscriber it was, and what it asked for, may be forgotten.
  lane_shape shape(capacity, 0, slot_size == sizeof(small_slot));
  shape.completions = completions;
  shape.completions_log2 = static_cast<std::uint32_t>(std::countr_zero(completions));
  if (!reach(publisher, place.page, shape.pages(), name)) return;

  const client_slot& slot = bus_.slot(subscriber);
  const auto now = slot_word::unpack(slot.state.load(seq_cst));
  const bool is_read = now.owned() && now.generation == reader.generation;
  if (!is_read) return;  // nobody reads it, and the publisher drops it when it comes by
  const bool closed = header->closed.load(acquire) != 0;
  if (closed) return;
  ++report_.lanes;
  const std::uint32_t max_held = slot.max_held.load(relaxed);
  if (slot.queue_capacity.load(relaxed) != capacity || slot.overflow.load(relaxed) != overflow ||
      max_held - 1 >= max_max_held ||
      lane_shape(capacity, max_held, false).completions != completions)
    return problem(name + " is not as its subscriber asked for");

  const lane_view lane = shape.view(const_cast<lane_header*>(header));
  const std::size_t problems_before = report_.problems.size();
  const std::uint64_t queued_before = report_.queued;
  look_at_positions(lane, shape, publisher, reader, name);
  look_at_chunks(publisher, lane, shape, name);
  // Who is in the middle of publishing sets the bit next; who died there is announced.
  const bool has_some = report_.queued != queued_before;
  const bool told =
      bus_.pending(subscriber)[publisher.slot / 64].load(seq_cst) & bit_mask(publisher.slot);
  if (has_some && !told && (state == slot_state::live || state == slot_state::dead))
    unfinished({publisher.slot, subscriber},
               name + " has messages that its subscriber was not told of");
  const auto after = slot_word::unpack(slot.state.load(seq_cst));
  if (after != now || header->closed.load(acquire) != 0) report_.problems.resize(problems_before);
}

// Both rings were filled one after the other; nothing was read that was not sent, and nothing released
// that was not taken.
void audit_look::look_at_positions(const lane_view& lane, lane_shape shape, lessee publisher,
                                   lessee subscriber, std::string_view name)
{
  const std::uint64_t read = lane.header->read.load(acquire);
  std::uint64_t released = 0;
  for (std::uint32_t i = 0; i != shape.completions; ++i)
    if (const auto lap = ring_word::lap(lane.completions[i].load(acquire)))
      released = std::max(released, (lap - 1) * shape.completions + i + 1);
  const std::uint64_t taken = lane.header->taken.load(acquire);
  const std::uint64_t lost = lane.header->lost.load(acquire);
  std::uint64_t pushed = 0;
  std::uint64_t queued = 0;
  std::uint64_t first_lap = 0;
  std::uint64_t before = 0;
  for (std::uint32_t i = 0; i != shape.capacity; ++i) {
    const std::uint64_t word = lane.word(i).load(acquire);
    const std::uint64_t lap = ring_word::lap(word);
    if (i == 0) first_lap = before = lap;
    if (lap > before || lap + 1 < first_lap)
      problem(std::string(name) + " has a hole at " + position_text(i, lap));
    before = lap;
    if (lap == 0 || ring_word::chunk(word) == ring_word::writing) continue;
    const std::uint64_t position = ring_position{i, lap}.count(shape.capacity);
    pushed = std::max(pushed, position + 1);
    if (position >= read && ring_word::chunk(word) != ring_word::taken) ++queued;
  }
  if (read > pushed)
    problem(std::string(name) + " had " + std::to_string(pushed) + " messages, and " +
            std::to_string(read) + " are said to be read");
  if (released + queued > pushed)
    problem(std::string(name) + " had " + std::to_string(pushed) + " messages, of which " +
            std::to_string(queued) + " are queued and " + std::to_string(released) + " released");
  const std::uint64_t dropped = lane.header->dropped.load(acquire);
  // A lane that keeps what it has taken: all that was sent was received or waits. A subscriber that
  // was killed may have died between taking and counting.
  const bool keeps = lane.header->overflow.load(relaxed) !=
                     static_cast<std::uint32_t>(shmbus::overflow::drop_oldest);
  const bool missing =
      keeps && taken + queued != pushed && bus_.lock().held_by_anyone(client_byte(subscriber.slot));
  const bool too_many = released > taken || taken + queued + lost > pushed + dropped;
  if (too_many || missing) {
    std::string text = std::string(name) + " had " + std::to_string(pushed) +
                       " messages, of which " + std::to_string(queued) + " are queued, " +
                       std::to_string(taken) + " received, " + std::to_string(lost) + " lost and " +
                       std::to_string(released) + " released";
    // Between taking one and counting it.
    if (!too_many && taken + queued + 1 == pushed)
      unfinished({subscriber.slot}, std::move(text));
    else
      problem(std::move(text));
  }
  report_.dropped += dropped;
  taken_[subscriber.slot] += taken;
  pushed_[publisher.slot] = std::max(pushed_[publisher.slot], pushed);
  report_.pushed += pushed;
  report_.queued += queued;
  report_.received += taken;
  report_.lost += lost;
  report_.released += released;
}

void audit_look::look_at_chunks(lessee publisher, const lane_view& lane, lane_shape shape,
                                std::string_view name)
{
  const std::uint64_t read = lane.header->read.load(acquire);
  extents_.clear();
  for (std::uint32_t i = 0; i != shape.capacity; ++i) {
    const std::uint64_t word = lane.word(i).load(acquire);
    const std::uint64_t chunk = ring_word::chunk(word);
    if (word == 0 || chunk == ring_word::taken || chunk == ring_word::writing) continue;
    if (ring_position{i, ring_word::lap(word)}.count(shape.capacity) < read) continue;
    if (chunk == ring_word::small) {
      look_at_small(lane, i, name);
      continue;
    }
    extent where;
    const std::string message =
        "the message in " + position_text(i, ring_word::lap(word)) + " of " + std::string(name);
    if (!look_at_chunk(publisher, chunk, message, where)) continue;
    if (lane.word(i).load(acquire) == word) extents_.push_back(where);
  }
  std::sort(extents_.begin(), extents_.end());
  for (std::size_t i = 1; i < extents_.size(); ++i)
    if (extents_[i].begin < extents_[i - 1].end)
      problem(std::string(name) + " has two messages in the same place, at " +
              std::to_string(extents_[i].begin));
}

void audit_look::look_at_small(const lane_view& lane, std::uint32_t index, std::string_view name)
{
  const std::string message =
      "the message in slot " + std::to_string(index) + " of " + std::string(name);
  if (!lane.has_small()) return problem(message + " stands where there is no room for one");
  const std::uint64_t sizes = lane.small(index).sizes.load(acquire);
  if (!is_small(sizes >> 32, sizes & 0xffff'ffff)) problem(message + " is larger than its slot");
}

bool audit_look::look_at_chunk(lessee publisher, std::uint64_t chunk, const std::string& name,
                               extent& where)
{
  const std::uint64_t size = bus_.limits().data_size;
  const std::uint64_t begin = chunk * chunk_unit;
  if (!is_chunk_place(begin, size)) {
    problem(name + " lies outside of the pages");
    return false;
  }
  const chunk_sizes sizes(*reinterpret_cast<const chunk_header*>(bus_.data() + begin));
  if (!sizes.fit(size - begin)) {
    problem(name + " is larger than there is room");
    return false;
  }
  where = {begin, begin + std::max(sizeof(chunk_header) + sizes.payload,
                                   sizes.topic_offset + sizes.topic)};
  for (std::uint64_t p = begin / page_size; p <= (where.end - 1) / page_size; ++p) {
    if (bus_.data_pages().owner(static_cast<std::uint32_t>(p)) == publisher.word()) continue;
    problem(name + " lies in data page " + std::to_string(p) + ", which is not its publisher's");
    return false;
  }
  return true;
}

}  // namespace shmbus::core
