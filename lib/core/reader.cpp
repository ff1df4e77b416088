#include "core/reader.hpp"

#include "core/clients.hpp"
#include "core/patience.hpp"
#include "core/recovery.hpp"
#include "shm/memory_barrier.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/pattern.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>

namespace shmbus::core {

reader* reader::join(std::shared_ptr<core::bus> b, const subscriber_options& options,
                     std::error_code& ec)
{
  if (options.queue_capacity - 1 >= max_queue_capacity || options.max_held - 1 >= max_max_held ||
      options.overflow > shmbus::overflow::block || options.spin_for.count() < 0) {
    ec = errc::invalid_config;
    return nullptr;
  }
  const auto me = core::join(*b, client_role::subscriber, options, ec);
  if (!me) return nullptr;
  auto* made = new reader(std::move(b), *me, options);
  made->bus_->heirs().add(*made);
  return made;
}

reader::reader(std::shared_ptr<core::bus> b, lessee me, const subscriber_options& options)
    : bus_(std::move(b)),
      me_(me),
      options_(options),
      statistics_(*bus_, me),
      subscriptions_(*bus_, me)
{
}

[[gnu::always_inline]] inline void reader::hand_out(detail::received& out) noexcept
{
  out.owner = this;
  const std::uint64_t lost = lost_.load(std::memory_order_relaxed);
  out.lost_before = lost - reported_lost_;
  reported_lost_ = lost;
  ++held_at_most_;
  statistics_.received(out.payload_size, out.sent_at_ns);
}

void reader::take_inherited(detail::received& out) noexcept
{
  out = inherited_.front();
  pop_inherited();
  hand_out(out);
}

[[gnu::always_inline]] inline bool reader::take_one(detail::received& out,
                                                    std::error_code& ec) noexcept
{
  if (somebody_may_have_died()) [[unlikely]]
    inherit();
  if (!inherited_.empty()) [[unlikely]] {
    if (!may_hold_one_more(ec)) return false;
    take_inherited(out);
    return true;
  }
  while (true) {
    reader_lane* lane = find_lane();
    if (!lane) {
      if (!still_owned(*bus_, me_)) ec = errc::closed;
      return false;
    }
    if (!may_hold_one_more(ec)) return false;
    const auto result = lane->take(*bus_, own_, out);
    if (result == reader_lane::found::nothing) continue;
    if (result == reader_lane::found::no_memory) {
      ec = std::make_error_code(std::errc::not_enough_memory);
      return false;
    }
    count_lost(*lane);
    if (result == reader_lane::found::corrupt) {
      detach_lane(lane->publisher().slot);
      ec = errc::corrupt;
      return false;
    }
    hand_out(out);
    return true;
  }
}

bool reader::take(detail::received& out, std::error_code& ec) noexcept { return take_one(out, ec); }

std::size_t reader::take_some(std::span<message> out, std::error_code& ec) noexcept
{
  for (message& m : out) m.reset();
  std::size_t count = 0;
  while (count != out.size() && take_one(out[count].implementation(), ec)) ++count;
  return count;
}

bool reader::readable() noexcept
{
  if (!inherited_.empty() || find_lane()) return true;
  going_to_sleep();
  return false;
}

// Goes once round the publishers whose bit is set.
reader_lane* reader::find_next_lane() noexcept
{
  current_ = nullptr;
  const std::uint32_t words = bus_->client_words();
  if (next_source_ >= words * 64) next_source_ = 0;
  const shared_u64* pending = bus_->pending(me_.slot);
  const std::uint32_t first = next_source_ / 64;
  const std::uint64_t later = ~std::uint64_t{0} << (next_source_ % 64);
  for (std::uint32_t n = 0; n <= words; ++n) {
    const std::uint32_t w = (first + n) % words;
    // acquire: pairs with set_bit(); what the publisher did before is there to see.
    std::uint64_t bits = pending[w].load(acquire);
    if (n == 0) bits &= later;
    if (n == words) bits &= ~later;
    if (bits == 0) continue;
    if (reader_lane* lane = find_lane_in(w, bits)) return lane;
  }
  return nullptr;
}

reader_lane* reader::find_lane_in(std::uint32_t word, std::uint64_t bits) noexcept
{
  const std::uint32_t clients = bus_->limits().max_clients;
  for (; bits != 0; bits &= bits - 1) {
    const std::uint32_t publisher = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    if (publisher >= clients) return nullptr;
    reader_lane* lane = look_at(publisher);
    if (!lane) {
      if (!lost_patience(publisher)) continue;
      // Take the bit back, and look once more. The publisher goes the other way, slot then bit, so
      // one of us sees the other.
      clear_bit(bus_->pending(me_.slot), publisher);
      fence(seq_cst);
      lane = look_at(publisher);
      if (!lane) continue;
      set_bit(bus_->pending(me_.slot), publisher);
    }
    lane->fruitless = 0;
    next_source_ = publisher + 1;
    current_ = lane;
    turns_left_ = turns;
    return lane;
  }
  return nullptr;
}

// A bit that stands for nothing costs a look each time; taking it back costs the publisher of the
// next message a cache line that goes to and fro.
bool reader::lost_patience(std::uint32_t publisher) noexcept
{
  reader_lane* lane = sources_[publisher].lane.get();
  if (lane && ++lane->fruitless < patience) return false;
  if (lane) lane->fruitless = 0;
  return true;
}

// The lane of a publisher, if it has a message. Drains and closes the lane of one that is gone.
reader_lane* reader::look_at(std::uint32_t publisher) noexcept
{
  // First the state, then the slots: a lane found empty after its publisher's end is drained.
  const auto state = slot_word::unpack(bus_->slot(publisher).state.load(seq_cst));
  if (publisher >= sources_.size()) sources_.resize(publisher + 1);
  source& s = sources_[publisher];
  if (s.lane && s.lane->publisher().generation != state.generation) {
    // Its slot went on without our closing the lane: we were taken for dead.
    detach_lane(publisher);
  }
  reader_lane* lane = s.lane ? s.lane.get() : open_lane(publisher, state);
  if (!lane) return nullptr;
  const auto found = lane->look();
  count_lost(*lane);
  if (found == reader_lane::found::message) return lane;
  if (found == reader_lane::found::corrupt) {
    detach_lane(publisher);
  } else if (state.orphan()) {
    s.closed_generation = state.generation;
    lane->drained = true;
    detach_lane(publisher);
  }
  return nullptr;
}

reader_lane* reader::open_lane(std::uint32_t publisher, slot_word state) noexcept
{
  source& s = sources_[publisher];
  if (!(state.owned() || state.orphan()) || s.closed_generation == state.generation) return nullptr;
  const client_slot& slot = bus_->slot(publisher);
  // acquire, twice: pair with the releases of the publisher after it filled directory and lane.
  const auto root = place_word::unpack(slot.root.load(acquire));
  const auto* directory =
      bus_->control_at<const shared_u64>(root.page, bus_->limits().directory_size());
  if (!directory || root.generation != state.generation) return nullptr;
  const auto entry = place_word::unpack(directory[me_.slot].load(acquire));
  if (entry.page == 0 || entry.generation != me_.generation) return nullptr;
  auto* header = bus_->control_at<lane_header>(entry.page);
  if (!header) return nullptr;
  const std::uint32_t slot_size = header->slot_size.load(relaxed);
  const lane_shape shape(options_.queue_capacity, options_.max_held,
                         slot_size == sizeof(small_slot));
  if (!bus_->control_at<lane_header>(entry.page, shape.size())) return nullptr;
  const lessee owner{publisher, state.generation};
  const bool ours = header->publisher.load(relaxed) == owner.word() &&
                    header->subscriber.load(relaxed) == me_.word() &&
                    header->capacity.load(relaxed) == shape.capacity &&
                    header->completions.load(relaxed) == shape.completions &&
                    slot_size == shape.slot_size() &&
                    header->overflow.load(relaxed) == static_cast<std::uint32_t>(options_.overflow);
  // Pairs with the release fence of a lease: if those were the words of a next owner of the pages,
  // we see that this publisher is gone, and then nothing was read.
  fence(acquire);
  const auto after = slot_word::unpack(slot.state.load(seq_cst));
  if (!ours || after.generation != state.generation || !(after.owned() || after.orphan()))
    return nullptr;
  s.lane = std::make_unique<reader_lane>(owner, shape.view(header), shape, options_.overflow);
  parts_.fetch_add(1, std::memory_order_relaxed);
  return s.lane.get();
}

bool reader::holds_less(std::error_code& ec) noexcept
{
  held_at_most_ = own_.held() - inherited_.size();
  for (const source& s : sources_)
    if (s.lane) held_at_most_ += s.lane->held();
  if (held_at_most_ < options_.max_held) return true;
  ec = errc::too_many_held;
  return false;
}

// The lane is used no more; whoever comes last, we or the release of its last message, ends it.
void reader::detach_lane(std::uint32_t publisher) noexcept
{
  source& s = sources_[publisher];
  if (current_ == s.lane.get()) current_ = nullptr;
  reader_lane* lane = s.lane.release();
  if (lane->finish()) lane_done(lane);
}

void reader::lane_done(reader_lane* lane) noexcept
{
  if (lane->drained) {
    lane->close();
    settle(*bus_, lane->publisher());
  }
  delete lane;
  part();
}

void reader::release(reader_lane& lane, std::uint64_t chunk) noexcept
{
  if (bus_->forked()) return;
  if (lane.release(chunk)) lane_done(&lane);
}

void reader::part() noexcept
{
  // acq_rel: the last one sees all that the others did with the bus, and only then it is left.
  if (parts_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  finish_leave(*bus_, me_);
  unref();
}

void reader::unref() noexcept
{
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void reader::subscribe(std::string_view pattern, std::error_code& ec)
{
  const std::lock_guard guard(subscriptions_mutex_);
  if (bus_->forked())
    ec = errc::forked;
  else if (closed())
    ec = errc::closed;
  else if (!pattern_problem(pattern).empty())
    ec = errc::invalid_pattern;
  else
    subscriptions_.add(pattern, ec);
}

void reader::unsubscribe(std::string_view pattern, std::error_code& ec)
{
  const std::lock_guard guard(subscriptions_mutex_);
  if (bus_->forked())
    ec = errc::forked;
  else if (closed())
    ec = errc::closed;
  else
    subscriptions_.remove(pattern);
}

void reader::attach(const leased_bell& b) noexcept
{
  // seq_cst: before we look at our bits; see ring_client().
  bus_->slot(me_.slot).bell.store(b.index() + 1, seq_cst);
  // The fence of arm(), which another client of the bell may have come by before this.
  fence(seq_cst);
}

void reader::enter_and_attach(const leased_bell& b) noexcept
{
  std::error_code ec;
  while (!enter(ec)) {
    if (ec != errc::busy) return;  // closed: the slot may be another client's already
    ec.clear();
    std::this_thread::yield();
  }
  attach(b);
  leave();
}

void reader::close() noexcept
{
  if (bus_->forked()) return;
  {
    const std::lock_guard guard(subscriptions_mutex_);
    if (closed_.exchange(true, std::memory_order_seq_cst)) return;
  }
  bus_->heirs().remove(*this);
  using namespace std::chrono_literals;
  // See enter(). Without the barrier, time does what it does: drains the other processor's buffer.
  if (!shm::barrier_on_all_threads()) std::this_thread::sleep_for(1ms);
  while (entered_.load(std::memory_order_acquire)) {
    ring_client(*bus_, me_.slot);
    std::this_thread::sleep_for(20us);
  }
  begin_leave(*bus_, me_);
  for (std::uint32_t i = 0; i != sources_.size(); ++i)
    if (sources_[i].lane) detach_lane(i);
  for (detail::received& r : inherited_) own_.give_back(*r.block);
  inherited_.clear();
  refs_.fetch_add(1, std::memory_order_relaxed);  // for messages of its own
  if (own_.finish()) unref();
  part();
}

void reader::drop() noexcept
{
  close();
  unref();
}

}  // namespace shmbus::core

void shmbus::detail::release(received& r) noexcept
{
  if (r.lane)
    r.owner->release(*r.lane, r.chunk);
  else
    r.owner->release(*r.block);
}
