#include "core/writer.hpp"

#include "core/clients.hpp"
#include "core/logging.hpp"
#include "core/recovery.hpp"
#include "core/small_bytes.hpp"
#include "shmbus/errc.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <span>
#include <string>

namespace shmbus::core {
namespace {

std::uint64_t now_ns() noexcept
{
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

chunk_header& head(std::byte* chunk) noexcept { return *reinterpret_cast<chunk_header*>(chunk); }

// Bytes of a chunk for a payload: a topic that does not fit into the header stands behind it.
std::size_t chunk_size(std::size_t payload, std::size_t topic) noexcept
{
  return sizeof(chunk_header) + payload + (topic > inline_topic_size ? topic : 0);
}

}  // namespace

std::shared_ptr<writer> writer::join(std::shared_ptr<core::bus> b, publisher_options options,
                                     std::error_code& ec)
{
  std::byte* data = b->forked() ? nullptr : b->writable_data(ec);
  if (ec) return nullptr;
  const auto me = core::join(*b, client_role::publisher, {}, ec);
  if (!me) return nullptr;
  std::shared_ptr<writer> w(new writer(std::move(b), *me, options, data));

  // The directory of its lanes, all empty, before anybody can be sent anything.
  const geometry& limits = w->bus_->limits();
  const auto first = w->bus_->control_pages().lease(*me, limits.directory_pages(), ec);
  if (!first) {
    if (ec == errc::buffer_full) ec = errc::no_space;
    return nullptr;
  }
  w->directory_ = w->bus_->control_at<shared_u64>(*first, limits.directory_size());
  for (std::uint32_t i = 0; i != limits.max_clients; ++i) w->directory_[i].store(0, relaxed);
  // release: the directory is filled; pairs with the acquire of who looks for lanes.
  w->bus_->slot(me->slot).root.store(place_word{*first, me->generation}.pack(), release);
  return w;
}

writer::writer(std::shared_ptr<core::bus> b, lessee me, publisher_options options, std::byte* data)
    : bus_(std::move(b)),
      me_(me),
      options_(options),
      data_(data),
      statistics_(*bus_, me),
      pool_(*bus_, me),
      routes_(*bus_)
{
}

writer::~writer()
{
  if (!bus_->forked()) close();
}

void writer::renew()
{
  if (!still_owned(*bus_, me_)) {
    // Somebody closed our descriptors, and so we were taken for dead. Nothing here is ours now.
    closed_.store(true, std::memory_order_release);
    return;
  }
  ++renewals_;
  routes_.renew([this](std::uint32_t slot) { drop_lane(slot); });
}

route* writer::prepare_anew(const topic_ref& t, std::error_code& ec)
{
  if (!routes_.current()) renew();
  if (broken_lanes_) shun_broken_lanes();
  if (!usable(ec)) return nullptr;
  route& r = routes_.find(t.name, t.hash);
  if (r.lanes.size() != r.subscribers.size() && !make_lanes(r, ec)) return nullptr;
  if (!r.counts) r.counts = &statistics_.topic(t.name);
  r.ready = !r.blocks;
  if (r.blocks) {
    for (writer_lane* lane : r.lanes) {
      if (lane->policy() == shmbus::overflow::block && lane->full()) {
        ec = errc::queue_full;
        return nullptr;
      }
    }
  }
  return &r;
}

bool writer::make_lanes(route& r, std::error_code& ec)
{
  r.lanes.clear();
  for (const std::uint32_t s : r.subscribers) {
    if (lanes_.size() <= s) lanes_.resize(s + 1);
    writer_lane* lane = lanes_[s] ? lanes_[s].get() : make_lane(s, ec);
    if (!lane) {
      r.lanes.clear();
      return false;
    }
    r.lanes.push_back(lane);
  }
  r.small_below = 0;
  if (!r.lanes.empty() &&
      std::all_of(r.lanes.begin(), r.lanes.end(), [](auto* l) { return l->has_small(); }))
    r.small_below = small_payloads_below(r.topic.size());
  return true;
}

writer_lane* writer::make_lane(std::uint32_t subscriber, std::error_code& ec)
{
  const routes::subscriber& s = routes_.known(subscriber);
  const bool small = small_lanes_ < most_small_lanes && s.queue_capacity <= most_small_slots;
  lane_shape shape(s.queue_capacity, s.max_held, small);
  auto first = bus_->control_pages().lease(me_, shape.pages(), ec);
  if (!first && small) {
    shape = lane_shape(s.queue_capacity, s.max_held, false);
    first = bus_->control_pages().lease(me_, shape.pages(), ec);
  }
  if (!first) {
    if (ec == errc::buffer_full) ec = errc::no_space;
    return nullptr;
  }
  auto id = static_cast<std::uint32_t>(std::find(lane_ids_.begin(), lane_ids_.end(), false) -
                                       lane_ids_.begin());
  if (id == lane_ids_.size()) lane_ids_.push_back(false);
  lane_ids_[id] = true;
  auto* memory = bus_->control_at<lane_header>(*first, shape.size());
  lanes_[subscriber] = std::make_unique<writer_lane>(
      memory, shape, me_, lessee{subscriber, s.generation}, s.policy, id, *first);
  if (lanes_[subscriber]->has_small()) ++small_lanes_;
  // release: the lane is filled; pairs with the acquire of the subscriber that finds it here.
  directory_[subscriber].store(place_word{*first, s.generation}.pack(), release);
  return lanes_[subscriber].get();
}

void writer::drop_lane(std::uint32_t subscriber) noexcept
{
  if (subscriber >= lanes_.size() || !lanes_[subscriber]) return;
  const auto lane = std::move(lanes_[subscriber]);
  directory_[subscriber].store(0, release);
  pool_.forget_lane(lane->id());
  lane_ids_[lane->id()] = false;
  std::erase(asked_, lane.get());
  if (lane->has_small()) --small_lanes_;
  bus_->control_pages().give_back(me_, lane->first_page(), lane->pages());
}

// Their subscribers wrote garbage: nothing more is sent there until they join anew. The pages stay
// ours until they are gone: they may go on writing.
void writer::shun_broken_lanes()
{
  broken_lanes_ = false;
  for (std::uint32_t i = 0; i != lanes_.size(); ++i) {
    if (!lanes_[i] || !lanes_[i]->broken() || routes_.known(i).shunned) continue;
    log_warning("the subscriber in slot " + std::to_string(i) + " of " + bus_->path().string() +
                " wrote what no correct one writes; nothing more is sent to it");
    routes_.shun(i);
    pool_.forget_lane(lanes_[i]->id());
  }
}

// The same for a message on its way, whose route may be another one afterwards.
chunk_record* writer::take_chunk_for(route*& r, const topic_ref& t, std::size_t size,
                                     std::error_code& ec)
{
  const std::uint64_t renewals = renewals_;
  chunk_record* chunk = take_chunk(r, size, ec);
  if (chunk && renewals_ != renewals && !(r = prepare(t, ec))) {
    // Short of memory, take_chunk looked who is still there.
    pool_.give_back(*chunk);
    chunk = nullptr;
  }
  return chunk;
}

chunk_record* writer::take_chunk(const route* r, std::size_t size, std::error_code& ec)
{
  if (r && size >= collect_first_from)
    for (writer_lane* lane : r->lanes) lane->collect(pool_);
  if (chunk_record* c = pool_.take_free(size)) return c;
  for (auto& lane : lanes_)
    if (lane) lane->collect(pool_);
  if (chunk_record* c = pool_.take_free(size)) return c;
  chunk_record* c = pool_.take_new(size, ec);
  if (c || ec != errc::buffer_full) return c;
  pool_.stop_resting();
  if ((c = pool_.take_free(size))) {
    ec.clear();
    return c;
  }
  // All is in use. Pages of dead clients come first, then our idle ones, then the oldest messages of
  // those who agreed to lose them.
  sweep(*bus_);
  if (!routes_.current()) renew();
  if (!usable(ec)) return nullptr;
  while (true) {
    pool_.trim();
    ec.clear();
    if ((c = pool_.take_free(size)) || (c = pool_.take_new(size, ec)) || ec != errc::buffer_full)
      return c;
    bool evicted = false;
    for (auto& lane : lanes_)
      if (lane && lane->evict_oldest(pool_)) evicted = true;
    if (!evicted) return nullptr;
  }
}

void writer::fill_topic(std::byte* chunk, const topic_ref& t, std::size_t capacity) noexcept
{
  chunk_header& h = head(chunk);
  const bool fits = t.name.size() <= inline_topic_size;
  char* text =
      fits ? h.inline_topic : reinterpret_cast<char*>(chunk + sizeof(chunk_header) + capacity);
  copy_bytes(reinterpret_cast<std::byte*>(text), std::as_bytes(std::span(t.name)).data(),
             t.name.size());
  h.topic_offset.store(static_cast<std::uint64_t>(text - reinterpret_cast<char*>(chunk)), relaxed);
  h.topic_size.store(static_cast<std::uint32_t>(t.name.size()), relaxed);
}

// Everything that can fail is behind us. Lets the lock go.
template <class Push, class Settle>
[[gnu::always_inline]] inline std::size_t writer::push_and_notify(route& r, Push push,
                                                                  Settle settle) noexcept
{
  if (r.lanes.size() == 1) {
    writer_lane& lane = *r.lanes.front();
    const auto result = push(lane);
    if (result == writer_lane::pushed::broken) broken_lanes_ = true;
    const std::uint32_t subscriber = lane.subscriber();
    settle();
    lock_.unlock();  // with the fence, as below
    if (result != writer_lane::pushed::sent) return 0;
    notify(*bus_, subscriber, me_.slot);
    return 1;
  }
  // Few enough subscribers are told after the lock is gone, whose fence then serves both.
  std::array<std::uint32_t, 16> few;
  const bool tell_later = r.lanes.size() <= few.size();
  std::size_t reached = 0;
  std::size_t to_tell = 0;
  for (writer_lane* lane : r.lanes) {
    const auto result = push(*lane);
    if (result == writer_lane::pushed::broken) broken_lanes_ = true;
    if (result != writer_lane::pushed::sent) continue;
    if (tell_later) few[reached] = lane->subscriber();
    ++reached;
  }
  settle();
  if (!tell_later) {
    // Pairs with the fence of a subscriber between clearing its bit and its last look: it sees the
    // slot, or we see the bit clear.
    fence(seq_cst);
    for (writer_lane* lane : r.lanes) notify(*bus_, lane->subscriber(), me_.slot);
  } else {
    to_tell = reached;
  }
  lock_.unlock();  // with the same fence
  for (std::size_t i = 0; i != to_tell; ++i) notify(*bus_, few[i], me_.slot);
  return reached;
}

std::size_t writer::send(route& r, chunk_record& chunk, std::size_t size,
                         std::uint64_t type) noexcept
{
  // Relaxed: the release of each slot publishes them.
  chunk_header& h = head(data_ + std::uint64_t{chunk.chunk} * chunk_unit);
  h.sequence.store(sequence_++, relaxed);
  const std::uint64_t at_ns = options_.timestamps ? now_ns() : 0;
  h.sent_at_ns.store(at_ns, relaxed);
  h.payload_size.store(size, relaxed);
  h.type.store(type, relaxed);
  publisher_statistics::published(*r.counts, size, at_ns);
  return push_and_notify(
      r, [&](writer_lane& lane) { return lane.push(chunk, pool_); },
      [&] {
        if (chunk.outstanding == 0) pool_.give_back(chunk);
      });
}

std::size_t writer::send_small(route& r, const payload_view& payload) noexcept
{
  const std::uint64_t at_ns = options_.timestamps ? now_ns() : 0;
  const small_content content{sequence_++,           at_ns,          payload.type(),
                              payload.data().data(), payload.size(), r.topic_words};
  publisher_statistics::published(*r.counts, payload.size(), at_ns);
  return push_and_notify(
      r,
      [&](writer_lane & lane) __attribute__((always_inline)) { return lane.push(content, pool_); },
      [] {});
}

std::size_t writer::try_publish(const topic& t, const payload_view& payload, std::error_code& ec)
{
  if (!usable(ec)) return 0;
  if (payload.size() > bus_->limits().buffer_size) {
    ec = errc::message_too_large;
    return 0;
  }
  const topic_ref name{t.name(), t.hash()};
  lock_.lock();
  route* r = ready(name);
  if (r && payload.size() < r->small_below) return send_small(*r, payload);
  std::unique_lock guard(lock_, std::adopt_lock);
  if (!r && !(r = prepare(name, ec))) return refuse(ec);
  if (r->lanes.empty()) {
    publisher_statistics::unheard(*r->counts, payload.size());
    ++sequence_;
    return 0;
  }
  if (payload.size() < r->small_below) {
    guard.release();
    return send_small(*r, payload);
  }
  const std::size_t size = chunk_size(payload.size(), name.name.size());
  chunk_record* chunk = size < collect_first_from ? pool_.take_free(size) : nullptr;
  if (!chunk && !(chunk = take_chunk_for(r, name, size, ec))) return refuse(ec);
  std::byte* memory = data_ + std::uint64_t{chunk->chunk} * chunk_unit;
  copy_bytes(memory + sizeof(chunk_header), payload.data().data(), payload.size());
  if (name.name.size() <= inline_topic_size) {
    chunk_header& h = head(memory);
    std::memcpy(h.inline_topic, r->inline_topic, inline_topic_size);
    h.topic_offset.store(offsetof(chunk_header, inline_topic), relaxed);
    h.topic_size.store(static_cast<std::uint32_t>(name.name.size()), relaxed);
  } else {
    fill_topic(memory, name, payload.size());
  }
  guard.release();
  return send(*r, *chunk, payload.size(), payload.type());
}

shmbus::loan writer::lend(const topic& t, std::size_t size, std::error_code& ec)
{
  shmbus::loan l;
  if (!usable(ec)) return l;
  if (size > bus_->limits().buffer_size) {
    ec = errc::message_too_large;
    return l;
  }
  const std::lock_guard guard(lock_);
  const topic_ref name{t.name(), t.hash()};
  // Nobody is told yet, so a route of before is good enough to know whose completions to collect.
  chunk_record* chunk =
      take_chunk(&routes_.find(name.name, name.hash), chunk_size(size, name.name.size()), ec);
  if (!chunk) {
    refuse(ec);
    return l;
  }
  std::byte* memory = data_ + std::uint64_t{chunk->chunk} * chunk_unit;
  // The topic goes into its place now: the loan then needs no memory of its own for it.
  fill_topic(memory, name, size);
  ++loans_;
  l.owner_ = shared_from_this();
  l.record_ = chunk;
  l.data_ = memory + sizeof(chunk_header);
  l.size_ = size;
  l.topic_hash_ = name.hash;
  l.topic_size_ = static_cast<std::uint32_t>(name.name.size());
  l.capacity_ = size;
  return l;
}

std::string_view writer::loaned_topic(const shmbus::loan& l) const noexcept
{
  // Where fill_topic() put it, from what the loan remembers, not from what stands in the bus.
  const std::byte* chunk = l.data_ - sizeof(chunk_header);
  const char* text = l.topic_size_ <= inline_topic_size
                         ? reinterpret_cast<const chunk_header*>(chunk)->inline_topic
                         : reinterpret_cast<const char*>(l.data_ + l.capacity_);
  return {text, l.topic_size_};
}

std::size_t writer::try_publish(shmbus::loan& l, std::error_code& ec)
{
  if (!usable(ec)) return 0;
  if (l.owner_.get() != this) {
    // Empty, or another publisher's: its chunk lies in pages that are not ours.
    ec = std::make_error_code(std::errc::invalid_argument);
    return 0;
  }
  std::unique_lock guard(lock_);
  route* r = prepare({loaned_topic(l), l.topic_hash_}, ec);
  if (!r) return refuse(ec);
  chunk_record& chunk = *l.record_;
  const std::size_t size = l.size_;
  const std::uint64_t type = l.type_;
  if (r->lanes.empty()) count(r->counts->unheard);
  const auto keep = std::move(l.owner_);
  l.record_ = nullptr;
  l.data_ = nullptr;
  l.size_ = 0;
  --loans_;
  guard.release();
  return send(*r, chunk, size, type);
}

void writer::take_back(shmbus::loan& l) noexcept
{
  if (bus_->forked()) return;
  const std::lock_guard guard(lock_);
  pool_.give_back(*l.record_);
  if (--loans_ == 0 && closed()) finish_leave(*bus_, me_);
}

std::size_t writer::subscribers(const topic& t, std::error_code& ec)
{
  if (!usable(ec)) return 0;
  const std::lock_guard guard(lock_);
  if (!routes_.current()) renew();
  if (!usable(ec)) return 0;
  return routes_.find(t.name(), t.hash()).subscribers.size();
}

bool writer::ask_for_space(const topic& t) { return ask_for_space(topic_ref{t.name(), t.hash()}); }

bool writer::ask_for_space(const shmbus::loan& l)
{
  return ask_for_space(topic_ref{loaned_topic(l), l.topic_hash_});
}

bool writer::ask_for_space(const topic_ref& t)
{
  const std::lock_guard guard(lock_);
  std::error_code ec;
  if (!usable(ec)) return true;
  for (writer_lane* lane : routes_.find(t.name, t.hash).lanes) {
    if (lane->policy() != shmbus::overflow::block) continue;
    lane->want_space(true);
    if (std::find(asked_.begin(), asked_.end(), lane) == asked_.end()) asked_.push_back(lane);
  }
  // Pairs with the fence of the subscriber between its TAKEN and its look at want_space: it sees
  // that we want space, or we see that there is some.
  fence(seq_cst);
  return prepare(t, ec) != nullptr || ec != errc::queue_full;
}

void writer::stop_asking() noexcept
{
  if (bus_->forked()) return;
  const std::lock_guard guard(lock_);
  for (writer_lane* lane : asked_) lane->want_space(false);
  asked_.clear();
}

void writer::ask_for_subscribers(bool wanted) noexcept
{
  const std::lock_guard guard(lock_);
  std::error_code ec;
  if (!usable(ec)) return;  // the slot may be another client's already
  // seq_cst: before we look at routes_version; see subscription_table::changed().
  bus_->slot(me_.slot).waits_for_subscribers.store(wanted ? 1 : 0, seq_cst);
}

void writer::attach(const leased_bell& b) noexcept
{
  const std::lock_guard guard(lock_);
  std::error_code ec;
  if (!usable(ec)) return;
  // seq_cst: before we look at our bits; see ring_client().
  bus_->slot(me_.slot).bell.store(b.index() + 1, seq_cst);
  fence(seq_cst);  // as in reader::attach()
}

void writer::close() noexcept
{
  if (bus_->forked()) return;
  const std::lock_guard guard(lock_);
  if (closed_.exchange(true, std::memory_order_seq_cst)) return;
  ring_client(*bus_, me_.slot);
  asked_.clear();
  // Somebody may be filling a loan: its pages stay ours until the last one is back.
  if (loans_ == 0) finish_leave(*bus_, me_);
}

}  // namespace shmbus::core

void shmbus::loan::give_back() noexcept
{
  if (owner_) owner_->take_back(*this);
}
