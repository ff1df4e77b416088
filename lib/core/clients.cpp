#include "core/clients.hpp"

#include "core/bells.hpp"
#include "core/recovery.hpp"
#include "shmbus/errc.hpp"

#include <unistd.h>

namespace shmbus::core {
namespace {

bool clear_and_claim(bus& b, std::uint32_t i, slot_word free, client_role role,
                     const subscriber_options& options) noexcept
{
  client_slot& s = b.slot(i);
  // Nobody else writes here: the byte is ours and the slot free. The CAS publishes it all.
  for (std::uint32_t w = 0; w < b.limits().bitmap_words; ++w) b.pending(i)[w].store(0, relaxed);
  s.bell.store(0, relaxed);
  s.root.store(0, relaxed);
  s.subscriptions_version.store(0, relaxed);
  s.role.store(static_cast<std::uint32_t>(role), relaxed);
  s.queue_capacity.store(options.queue_capacity, relaxed);
  s.max_held.store(options.max_held, relaxed);
  s.overflow.store(static_cast<std::uint32_t>(options.overflow), relaxed);
  s.pid.store(static_cast<std::uint32_t>(::getpid()), relaxed);
  s.waits_for_subscribers.store(0, relaxed);
  s.statistics.store(0, relaxed);
  raise(b.header().clients_high_water, i + 1);
  std::uint64_t expected = free.pack();
  return s.state.compare_exchange(expected, slot_word{slot_state::live, free.generation + 1}.pack(),
                                  seq_cst);
}

std::optional<lessee> try_join(bus& b, client_role role, const subscriber_options& options)
{
  for (std::uint32_t i = 0; i < b.limits().max_clients; ++i) {
    if (slot_word::unpack(b.slot(i).state.load(seq_cst)).state != slot_state::free) continue;
    if (!b.lock().try_lock(client_byte(i))) continue;
    // Look again: who held the byte before may have taken the slot and died.
    const auto free = slot_word::unpack(b.slot(i).state.load(seq_cst));
    if (free.state == slot_state::free && clear_and_claim(b, i, free, role, options))
      return lessee{i, free.generation + 1};
    b.lock().unlock(client_byte(i));
  }
  return std::nullopt;
}

}  // namespace

std::optional<lessee> join(bus& b, client_role role, const subscriber_options& options,
                           std::error_code& ec)
{
  ec.clear();
  if (b.forked()) {
    ec = errc::forked;
    return std::nullopt;
  }
  if (auto me = try_join(b, role, options)) return me;
  sweep(b);
  if (auto me = try_join(b, role, options)) return me;
  ec = errc::too_many_clients;
  return std::nullopt;
}

bool still_owned(const bus& b, lessee client) noexcept
{
  const auto now = slot_word::unpack(b.slot(client.slot).state.load(seq_cst));
  return now.owned() && now.generation == client.generation;
}

void begin_leave(bus& b, lessee client) noexcept
{
  std::uint64_t live = slot_word{slot_state::live, client.generation}.pack();
  b.slot(client.slot)
      .state.compare_exchange(live, slot_word{slot_state::leaving, client.generation}.pack(),
                              seq_cst);
  b.header().routes_version.fetch_add(1, seq_cst);
  // A publisher may wait for room in our lane. Version, then bell: it goes the other way.
  for (std::uint32_t i = 0, top = b.clients_high_water(); i < top; ++i)
    if (b.slot(i).role.load(relaxed) == static_cast<std::uint32_t>(client_role::publisher))
      ring_client(b, i);
}

void finish_leave(bus& b, lessee client) noexcept
{
  bury(b, client);
  b.lock().unlock(client_byte(client.slot));
}

}  // namespace shmbus::core
