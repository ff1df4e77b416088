#include "core/bells.hpp"

#include "core/recovery.hpp"
#include "shmbus/errc.hpp"

namespace shmbus::core {
void ring_armed(bell& b, std::uint64_t armed) noexcept
{
  b.word.fetch_add(1, seq_cst);
  shm::futex_wake_all(b.word.address());
  b.armed.compare_exchange(armed, 0, seq_cst);
}

std::unique_ptr<leased_bell> leased_bell::lease(std::shared_ptr<bus> b, std::error_code& ec)
{
  ec.clear();
  if (b->forked()) {
    ec = errc::forked;
    return nullptr;
  }
  for (int round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < b->limits().max_clients; ++i) {
      bell& place = b->bell(i);
      const auto free = slot_word::unpack(place.state.load(seq_cst));
      if (free.state != slot_state::free || !b->lock().try_lock(bell_byte(*b, i))) continue;
      std::uint64_t expected = free.pack();
      raise(b->header().bells_high_water, i + 1);
      const slot_word live{slot_state::live, free.generation + 1};
      if (place.state.compare_exchange(expected, live.pack(), seq_cst)) {
        for (std::uint32_t w = 0; w < b->limits().bitmap_words; ++w)
          b->bell_pending(i)[w].store(0, seq_cst);
        place.armed.store(0, seq_cst);
        place.told_of_deaths.store(0, relaxed);  // relaxed: a hint, here and elsewhere
        return std::unique_ptr<leased_bell>(new leased_bell(std::move(b), i, live.generation));
      }
      b->lock().unlock(bell_byte(*b, i));
    }
    sweep_bells(*b);
  }
  ec = errc::too_many_clients;
  return nullptr;
}

leased_bell::leased_bell(std::shared_ptr<bus> b, std::uint32_t index, std::uint32_t generation)
    : bus_(std::move(b)), bell_(&bus_->bell(index)), index_(index), generation_(generation)
{
  bus_->bells_of_ours().add(index);
}

leased_bell::~leased_bell()
{
  if (bus_->forked()) return;
  bus_->bells_of_ours().remove(index_);
  bell_->armed.store(0, seq_cst);
  std::uint64_t live = slot_word{slot_state::live, generation_}.pack();
  bell_->state.compare_exchange(live, slot_word{slot_state::free, generation_}.pack(), seq_cst);
  bus_->lock().unlock(bell_byte(*bus_, index_));
}

std::uint32_t leased_bell::arm() noexcept
{
  const std::uint32_t ticket = bell_->word.load(seq_cst);
  // seq_cst: the store must be seen before our next look, as notify() has its bits before `armed`.
  bell_->armed.store(2 * std::uint64_t{ticket} + 1, seq_cst);
  // Pairs with the publisher's fence between slot and bell: it sees `armed`, or we see the slot.
  fence(seq_cst);
  return ticket;
}

void leased_bell::disarm() noexcept { bell_->armed.store(0, seq_cst); }

shm::wait_result leased_bell::sleep(std::uint32_t ticket, const shm::deadline& until) noexcept
{
  if (rung_since(ticket)) return shm::wait_result::woken;
  return shm::futex_wait(word(), ticket, until);
}

bool leased_bell::rung_since(std::uint32_t ticket) const noexcept
{
  return bell_->word.load(seq_cst) != ticket;
}

void sweep_bells(bus& b) noexcept
{
  const std::uint32_t top = b.bells_high_water();
  for (std::uint32_t i = 0; i < top; ++i) {
    std::uint64_t word = b.bell(i).state.load(seq_cst);
    const auto seen = slot_word::unpack(word);
    if (seen.state == slot_state::free || b.lock().held_by_anyone(bell_byte(b, i))) continue;
    b.bell(i).state.compare_exchange(word, slot_word{slot_state::free, seen.generation}.pack(),
                                     seq_cst);
  }
}

}  // namespace shmbus::core
