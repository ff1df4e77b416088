#include "core/recovery.hpp"

#include "core/bells.hpp"
#include "core/clients.hpp"
#include "core/deputies.hpp"
#include "core/logging.hpp"

#include <string>

namespace shmbus::core {
namespace {

bool change(bus& b, lessee client, slot_state from, slot_state to) noexcept
{
  std::uint64_t expected = slot_word{from, client.generation}.pack();
  return b.slot(client.slot)
      .state.compare_exchange(expected, slot_word{to, client.generation}.pack(), seq_cst);
}

// Whether there is a lane between the two; who has none waits for nothing of the other. One that is
// being made holds no message yet, and its publisher looks at routes_version before it waits.
bool have_lane(const bus& b, std::uint32_t publisher, std::uint32_t subscriber,
               std::uint32_t generation) noexcept
{
  if (b.slot(publisher).role.load(relaxed) != static_cast<std::uint32_t>(client_role::publisher))
    return false;
  const auto root = place_word::unpack(b.slot(publisher).root.load(acquire));
  const auto* directory = b.control_at<const shared_u64>(root.page, b.limits().directory_size());
  if (!directory) return false;
  const auto entry = place_word::unpack(directory[subscriber].load(seq_cst));
  return entry.page != 0 && entry.generation == generation;
}

// All who have a lane from or to `gone` learn that it is gone. Both bits without looking whether they
// are set: who set one before us may have stopped before he set the other.
void announce(bus& b, lessee gone) noexcept
{
  // First, since it is what a publisher looks at after it has armed its bell: one that waits for room
  // in the lane of `gone` either sees this, or is armed when we ring.
  b.header().routes_version.fetch_add(1, seq_cst);
  const std::uint64_t bit = std::uint64_t{1} << (gone.slot % 64);
  const bool publisher =
      b.slot(gone.slot).role.load(relaxed) == static_cast<std::uint32_t>(client_role::publisher);
  const std::uint32_t top = b.clients_high_water();
  for (std::uint32_t i = 0; i < top; ++i) {
    const auto other = slot_word::unpack(b.slot(i).state.load(seq_cst));
    if (!other.owned()) continue;
    const bool concerned = publisher ? have_lane(b, gone.slot, i, other.generation)
                                     : have_lane(b, i, gone.slot, gone.generation);
    if (!concerned) continue;
    b.pending(i)[gone.slot / 64].fetch_or(bit, seq_cst);
    const std::uint64_t place = b.slot(i).bell.load(seq_cst);
    if (place == 0 || place > b.limits().max_clients) continue;
    const auto bell = static_cast<std::uint32_t>(place - 1);
    b.bell_pending(bell)[i / 64].fetch_or(std::uint64_t{1} << (i % 64), seq_cst);
    ring(b.bell(bell));
  }
}

std::uint64_t monotonic_ns(std::chrono::steady_clock::time_point t) noexcept
{
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count());
}

void report_death(const bus& b, lessee gone) noexcept
{
  const client_slot& s = b.slot(gone.slot);
  const bool publisher = s.role.load(relaxed) == static_cast<std::uint32_t>(client_role::publisher);
  try {
    log_info(std::string(publisher ? "publisher" : "subscriber") + " in slot " +
             std::to_string(gone.slot) + " of " + b.path().string() +
             " is dead (it said its pid was " + std::to_string(s.pid.load(relaxed)) + ")");
  } catch (...) {
    // Short of memory: the burial matters more than its announcement.
  }
}

}  // namespace

// Reads the directory in its pages; if they were given away meanwhile the answer is wrong, and the
// CAS on the slot that follows fails.
std::optional<std::uint32_t> next_reader(const bus& b, lessee gone, std::uint32_t from) noexcept
{
  const auto root = place_word::unpack(b.slot(gone.slot).root.load(acquire));
  const auto* directory = b.control_at<const shared_u64>(root.page, b.limits().directory_size());
  if (!directory) return std::nullopt;  // died before it had one
  for (std::uint32_t i = from; i < b.limits().max_clients; ++i) {
    const auto entry = place_word::unpack(directory[i].load(acquire));
    if (entry.page == 0) continue;
    const auto reader = slot_word::unpack(b.slot(i).state.load(seq_cst));
    if (!reader.owned() || reader.generation != entry.generation) continue;
    const auto* lane = b.control_at<const lane_header>(entry.page);
    // acquire: pairs with the subscriber's release of `closed`, its last access to the lane.
    if (lane && lane->closed.load(acquire) == 0) return i;
  }
  return std::nullopt;
}

void raise(shared_u32& word, std::uint32_t value) noexcept
{
  std::uint32_t now = word.load(relaxed);
  while (now < value && !word.compare_exchange(now, value, seq_cst)) {
  }
}

void settle(bus& b, lessee gone) noexcept
{
  client_slot& s = b.slot(gone.slot);
  auto now = slot_word::unpack(s.state.load(seq_cst));
  if (now.generation != gone.generation) return;
  if (now.state == slot_state::dying) {
    announce(b, gone);
    change(b, gone, slot_state::dying, slot_state::dead);
    now = slot_word::unpack(s.state.load(seq_cst));
  }
  if (now.state == slot_state::dead && now.generation == gone.generation) {
    const bool publisher =
        s.role.load(relaxed) == static_cast<std::uint32_t>(client_role::publisher);
    if (publisher && next_reader(b, gone, 0)) return;
    change(b, gone, slot_state::dead, slot_state::reclaim);
    now = slot_word::unpack(s.state.load(seq_cst));
  }
  if (now.state == slot_state::reclaim && now.generation == gone.generation) {
    b.control_pages().reclaim(gone);
    b.data_pages().reclaim(gone);
    change(b, gone, slot_state::reclaim, slot_state::free);
  }
}

void bury(bus& b, lessee gone) noexcept
{
  if (!change(b, gone, slot_state::live, slot_state::dying))
    change(b, gone, slot_state::leaving, slot_state::dying);
  settle(b, gone);
}

std::size_t sweep(bus& b) noexcept
{
  std::size_t deaths = 0;
  const std::uint32_t top = b.clients_high_water();
  for (std::uint32_t i = 0; i < top; ++i) {
    const auto seen = slot_word::unpack(b.slot(i).state.load(seq_cst));
    if (seen.state == slot_state::free) continue;
    const lessee client{i, seen.generation};
    if (!seen.owned()) {
      settle(b, client);
    } else if (!b.lock().held_by_anyone(client_byte(i))) {
      ++deaths;
      report_death(b, client);
      bury(b, client);
    }
  }
  sweep_bells(b);
  b.header().last_sweep_ns.store(monotonic_ns(std::chrono::steady_clock::now()), relaxed);
  return deaths;
}

bool swept_since(const bus& b, std::chrono::steady_clock::time_point t) noexcept
{
  // Relaxed: it is a time; what the sweep did is found by other words. One from the future is garbage.
  const std::uint64_t last = b.header().last_sweep_ns.load(relaxed);
  return last > monotonic_ns(t) && last <= monotonic_ns(std::chrono::steady_clock::now());
}

bool sweep_stand_in::alarm() noexcept
{
  last_ = std::chrono::steady_clock::now();
  if (due_) return false;
  first_ = last_;
  due_ = true;
  return true;
}

bool sweep_stand_in::look(bus& b) noexcept
{
  due_ = false;
  if (!swept_since(b, first_)) {
    sweep(b);  // who has the turn may be stopped
    return false;
  }
  if (swept_since(b, last_)) return false;
  first_ = last_;
  due_ = true;
  return true;
}

void sweep_in_turn(bus& b) noexcept
{
  using namespace std::chrono_literals;
  const auto now = std::chrono::steady_clock::now();
  const auto interval = look_interval(b);
  if (swept_since(b, now - interval + 100ms)) return;
  const sweep_turn turn(b);
  // Who has the turn may be stopped; but many look at the same time, and most find that it is taken.
  if (turn || !swept_since(b, now - interval - 2s)) sweep(b);
}

}  // namespace shmbus::core
