// What a dead publisher left unread keeps its place on the bus: its pages hold the messages. So a
// subscriber that receives seldom moves them into memory of its own, and closes the lane.
#include "core/reader.hpp"
#include "core/recovery.hpp"
#include "shm/memory_barrier.hpp"

#include <bit>
#include <cstring>
#include <new>
#include <thread>

namespace shmbus::core {

bool reader::enter_slowly(std::error_code& ec) noexcept
{
  while (true) {
    leave();
    if (closed()) {
      ec = errc::closed;
      return false;
    }
    // Another thread moves messages; it waits for nobody.
    if (inheriting_.load(std::memory_order_acquire)) {
      std::this_thread::yield();
      continue;
    }
    entered_.store(true, std::memory_order_seq_cst);
    // As in enter(), with a fence of its own: it has come here for the barrier's sake.
    if (!closed_.load(std::memory_order_seq_cst) && !inheriting_.load(std::memory_order_seq_cst))
      return true;
  }
}

void reader::inherit_for_idle() noexcept
{
  if (bus_->forked() || !somebody_may_have_died() || !has_inheritance()) return;
  inheriting_.store(true, std::memory_order_seq_cst);
  // acquire: pairs with leave(); what the thread before us did with the lanes is ours to see.
  const bool idle = shm::barrier_on_all_threads() && !entered_.load(std::memory_order_acquire);
  if (idle) inherit();
  // release: pairs with enter().
  inheriting_.store(false, std::memory_order_release);
}

// Looks only; any thread.
bool reader::has_inheritance() const noexcept
{
  const shared_u64* pending = bus_->pending(me_.slot);
  const std::uint32_t top = bus_->clients_high_water();
  for (std::uint32_t p = 0; p < top; ++p) {
    if (pending[p / 64].load(acquire) == 0)
      p |= 63;
    else if ((pending[p / 64].load(acquire) & bit_mask(p)) &&
             slot_word::unpack(bus_->slot(p).state.load(seq_cst)).orphan())
      return true;
  }
  return false;
}

void reader::inherit() noexcept
{
  // Before the look: who dies meanwhile raises it again.
  inherited_at_.store(bus_->header().routes_version.load(acquire), relaxed);
  const shared_u64* pending = bus_->pending(me_.slot);
  const std::uint32_t top = bus_->clients_high_water();
  for (std::uint32_t w = 0; w * 64 < top; ++w) {
    for (std::uint64_t bits = pending[w].load(acquire); bits != 0; bits &= bits - 1) {
      const std::uint32_t publisher = w * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (publisher >= top) return;
      if (slot_word::unpack(bus_->slot(publisher).state.load(seq_cst)).orphan())
        inherit_from(publisher);
    }
  }
}

// As much as all the dead together could have on the bus: however many come, publish and go, the
// memory of this process does not grow without bound.
bool reader::too_much_inherited() const noexcept
{
  return inherited_bytes_ > bus_->limits().buffer_size;
}

void reader::pop_inherited() noexcept
{
  inherited_bytes_ -= sizeof(own_block) + inherited_.front().block->capacity;
  inherited_.pop_front();
}

void reader::inherit_from(std::uint32_t publisher) noexcept
{
  // One that takes back-pressure loses nothing: what it has no room for stays where it is.
  const bool keeps = options_.overflow == shmbus::overflow::block;
  // As many as the lane can hold, and no more: what comes then was written by somebody else.
  for (std::uint32_t n = 0; n <= options_.queue_capacity; ++n) {
    reader_lane* lane = look_at(publisher);  // closes it once it is drained
    if (!lane || (keeps && too_much_inherited()) || !inherit_one(*lane)) return;
  }
}

bool reader::inherit_one(reader_lane& lane) noexcept
{
  detail::received r;
  const auto result = lane.take(*bus_, own_, r);
  if (result == reader_lane::found::nothing) return true;
  if (result == reader_lane::found::no_memory) return false;
  count_lost(lane);
  if (result == reader_lane::found::corrupt) {
    detach_lane(lane.publisher().slot);
    return false;
  }
  r.owner = this;
  if (!own_copy(r)) {
    count_lost(1);
    return false;
  }
  if (options_.overflow == shmbus::overflow::drop_newest && too_much_inherited()) {
    give_up(r);
    return true;
  }
  try {
    inherited_.push_back(r);
  } catch (const std::bad_alloc&) {
    give_up(r);
    return false;
  }
  inherited_bytes_ += sizeof(own_block) + r.block->capacity;
  while (options_.overflow == shmbus::overflow::drop_oldest && too_much_inherited() &&
         inherited_.size() > 1) {
    detail::received oldest = inherited_.front();
    pop_inherited();
    give_up(oldest);
  }
  return true;
}

void reader::give_up(detail::received& inherited) noexcept
{
  own_.give_back(*inherited.block);
  count_lost(1);
}

// The message is ours from here on; its chunk goes back, unless there is no memory.
bool reader::own_copy(detail::received& r) noexcept
{
  if (!r.lane) return true;  // a small one was copied by the taking
  own_block* const copy = own_.take(r.payload_size + r.topic_size);
  if (copy) {
    std::memcpy(copy->bytes(), r.payload, r.payload_size);
    std::memcpy(copy->bytes() + r.payload_size, r.topic, r.topic_size);
  }
  release(*r.lane, r.chunk);
  if (!copy) return false;
  r.payload = copy->bytes();
  r.topic = reinterpret_cast<const char*>(copy->bytes() + r.payload_size);
  r.lane = nullptr;
  r.block = copy;
  return true;
}

}  // namespace shmbus::core
