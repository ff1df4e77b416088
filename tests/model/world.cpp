#include "model/world.hpp"

#include "core/audit_look.hpp"
#include "core/recovery.hpp"
#include "model/bus_memory.hpp"
#include "model/kernel.hpp"
#include "model/library.hpp"
#include "model/races.hpp"
#include "shm/futex.hpp"

#include <algorithm>
#include <cstring>

namespace model {

using shmbus::overflow;

namespace {

struct content {
  std::uint64_t sender;
  std::uint64_t index;
};

}  // namespace

const shmbus::topic world::topic{"/m"};

party::party(const char* name, bool may_die)
    : id(new_process(name, may_die)), bus([&] {
        const acting_as me(id);
        return shmbus::sync::broker{{.adopt = true}};
      }())
{
}

void sender::join()
{
  std::error_code ec;
  shmbus::sync::publisher made(in.bus, {.timestamps = false}, ec);
  if (ec) violation("a publisher cannot join: %s", ec.message().c_str());
  handle.emplace(std::move(made));
}

void sender::join_when_free()
{
  while (true) {
    std::error_code ec;
    shmbus::sync::publisher made(in.bus, {.timestamps = false}, ec);
    if (!ec) {
      handle.emplace(std::move(made));
      return;
    }
    if (ec != shmbus::errc::too_many_clients)
      violation("a publisher cannot join: %s", ec.message().c_str());
    yield();
  }
}

void sender::publishes(int count, bool then_leaves)
{
  spawn(in.id, [this, count, then_leaves] {
    for (int i = 0; i != count; ++i) publish();
    if (then_leaves) close();
  });
}

sender::attempt sender::begin_publish()
{
  const int index = begun++;
  done.push_back(false);
  const content c{static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(index)};
  static std::byte all[most_fibers + 1][std::size_t{1} << 16];
  std::byte* const bytes = all[current_fiber() + 1];
  std::memcpy(bytes, &c, sizeof(c));
  inside = true;
  return {index, shmbus::payload_view(std::span<const std::byte>(bytes, size_of(c.index)))};
}

bool sender::end_publish(int index, const std::error_code& ec)
{
  inside = false;
  if (ec == shmbus::errc::closed && !joined()) return false;
  const bool short_of_memory = may_be_short && ec == shmbus::errc::buffer_full;
  if (ec && ec != shmbus::errc::queue_full && !short_of_memory)
    violation("publish says %s", ec.message().c_str());
  if (ec) {
    // Nobody got it: the next one has its number.
    done.pop_back();
    --begun;
    return false;
  }
  done[static_cast<std::size_t>(index)] = true;
  ++published;
  if (tracing()) trace("published %d", index);
  return true;
}

bool sender::publish()
{
  std::error_code ec;
  const auto [index, payload] = begin_publish();
  handle->publish(world::topic, payload, ec);
  return end_publish(index, ec);
}

bool sender::try_publish()
{
  std::error_code ec;
  const auto [index, payload] = begin_publish();
  handle->try_publish(world::topic, payload, ec);
  return end_publish(index, ec);
}

void receiver::join()
{
  std::error_code ec;
  shmbus::sync::subscriber made(in.bus, options, ec);
  if (ec) violation("a subscriber cannot join: %s", ec.message().c_str());
  handle.emplace(std::move(made));
  subscribe();
}

void receiver::join_when_free()
{
  while (true) {
    std::error_code ec;
    shmbus::sync::subscriber made(in.bus, options, ec);
    if (!ec) {
      handle.emplace(std::move(made));
      break;
    }
    if (ec != shmbus::errc::too_many_clients)
      violation("a subscriber cannot join: %s", ec.message().c_str());
    yield();
  }
  subscribe();
}

void receiver::subscribe()
{
  std::error_code ec;
  handle->subscribe(world::topic.name(), ec);
  if (ec) violation("subscribe says %s", ec.message().c_str());
  note_subscription();
}

void receiver::note_subscription()
{
  before.assign(owner.senders.size(), 0);
  for (std::size_t i = 0; i != before.size(); ++i) before[i] = owner.senders[i]->begun;
  subscribed = true;
  if (tracing()) trace("subscribed");
}

void receiver::receives_all()
{
  spawn(in.id, [this] { receive_all(); });
}

void receiver::check(const shmbus::message& m)
{
  content c;
  if (m.payload().size() < sizeof(c)) violation("a message of %zu bytes", m.payload().size());
  races::access(m.payload().data(), sizeof(c), false);
  std::memcpy(&c, m.payload().data(), sizeof(c));
  if (m.topic() != world::topic.name()) violation("a message on another topic");
  if (c.sender >= owner.senders.size())
    violation("a message of nobody: %lx %lx at %s", c.sender, c.index,
              bus_memory::describe(m.payload().data()));
  const sender& s = *owner.senders[c.sender];
  if (c.index >= static_cast<std::uint64_t>(s.begun)) violation("a message that nobody published");
  if (m.payload().size() != s.size_of(c.index)) violation("a message of another size");
  if (!unordered && c.index != m.sequence()) violation("the head of another message");
  if (last.size() <= c.sender) last.resize(c.sender + 1, -1);
  const int index = static_cast<int>(c.index);
  if (index == last[c.sender]) violation("message %d is received twice", index);
  if (index < last[c.sender] && !unordered)
    violation("message %d comes after %d", index, last[c.sender]);
  last[c.sender] = index;
  ++received;
  if (tracing()) trace("received %d of sender %lu", index, c.sender);
}

void receiver::check_again(const shmbus::message& m)
{
  content c;
  races::access(m.payload().data(), sizeof(c), false);
  std::memcpy(&c, m.payload().data(), sizeof(c));
  if (c.sender >= owner.senders.size() ||
      m.payload().size() != owner.senders[c.sender]->size_of(c.index) || c.index != m.sequence())
    violation("a message changed while it was held");
}

shmbus::message receiver::receive()
{
  std::error_code ec;
  shmbus::message m = handle->receive(ec);
  if (ec == shmbus::errc::closed) return m;
  if (ec) violation("receive says %s", ec.message().c_str());
  check(m);
  return m;
}

shmbus::message receiver::try_receive()
{
  std::error_code ec;
  auto m = handle->try_receive(ec);
  if (ec && ec != shmbus::errc::too_many_held)
    violation("try_receive says %s", ec.message().c_str());
  if (!m) return {};
  check(*m);
  return std::move(*m);
}

void receiver::receive_all()
{
  receives = true;
  while (true)
    if (receive().empty()) return;
}

void receiver::leave()
{
  left = true;
  handle.reset();
}

void handover::put(shmbus::message m)
{
  message_ = std::move(m);
  full_.store(1, std::memory_order_release);
  shmbus::shm::futex_wake_all(reinterpret_cast<const std::uint32_t*>(&full_));
}

shmbus::message handover::take()
{
  while (full_.load(std::memory_order_acquire) == 0)
    shmbus::shm::futex_wait_private(reinterpret_cast<const std::uint32_t*>(&full_), 0);
  return std::move(message_);
}

world* the_world = nullptr;

world::world(std::uint32_t max_clients, std::uint64_t buffer_size)
{
  bus_memory::begin(max_clients, buffer_size);
  kernel::begin();
  begin_library();
  last_ = &process("last", false);
  the_world = this;
}

party& world::process(const char* name, bool may_die)
{
  parties_.push_back(std::make_unique<party>(name, may_die));
  return *parties_.back();
}

sender& world::add_sender(party& p)
{
  return add(std::make_unique<sender>(*this, p, static_cast<int>(senders.size())));
}

sender& world::publisher(party& p)
{
  sender& s = add_sender(p);
  const acting_as me(p.id);
  s.join();
  return s;
}

receiver& world::subscriber(party& p, shmbus::overflow o, std::uint32_t capacity,
                            std::uint32_t held)
{
  receiver& r = add_receiver(p, {.queue_capacity = capacity, .max_held = held, .overflow = o});
  const acting_as me(p.id);
  r.join();
  return r;
}

receiver& world::add_receiver(party& p, shmbus::subscriber_options o)
{
  return add(std::make_unique<receiver>(*this, p, o));
}

// All that was published for it has to be received, or counted as lost.
void world::look_at(receiver& r)
{
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i != senders.size(); ++i) {
    const sender& s = *senders[i];
    const int from = i < r.before.size() ? r.before[i] : 0;
    for (int n = 0; n != s.begun; ++n) {
      // Begun before subscribe() returned, or by one who died in it: either way.
      const bool done = s.done[static_cast<std::size_t>(n)];
      if (done && n >= from) ++least;
      if (done || n + 1 == s.begun) ++most;
    }
  }
  const std::uint64_t accounted = static_cast<std::uint64_t>(r.received) + r.lost();
  if (accounted < least || accounted > most)
    violation("of %lu to %lu messages %d were received and %lu lost", least, most, r.received,
              r.lost());
}

shmbus::core::audit_report world::audit()
{
  auto r = shmbus::core::audit_look(*last_->bus.implementation()).take();
  if (!r.problems.empty()) violation("audit: %s", r.problems.front().c_str());
  return r;
}

void world::next_act()
{
  const acting_as me(last_->id);
  bool all_receive = true;
  bool all_live = true;
  for (auto& r : receivers) {
    if (!alive(r->in.id)) all_live = false;
    if (alive(r->in.id) && r->subscribed && !r->left && !r->receives) all_receive = false;
  }
  if (!all_receive) return publish_once_more();
  for (auto& r : receivers)
    if (alive(r->in.id) && r->receives && !r->left && r->options.overflow != overflow::drop_newest)
      look_at(*r);
  if (all_live && audit().queued != 0) violation("a subscriber sleeps beside a message");
  for (auto& s : senders)
    if (alive(s->in.id) && s->stuck()) violation("a publisher waits for what there is");
  publish_once_more();
}

void world::publish_once_more()
{
  for (auto& s : senders)
    if (alive(s->in.id) && s->joined() && !s->inside)
      spawn(s->in.id, [s = s.get()] { s->publish(); });
}

// Who has closed all it had, and released all messages, has nothing left that uses the bus.
void world::look_for_the_forgotten()
{
  for (auto& p : parties_) {
    if (!alive(p->id)) continue;
    const auto has_handle = [&](const auto& client) {
      return &client->in == p.get() && client->handle;
    };
    if (std::ranges::any_of(senders, has_handle) || std::ranges::any_of(receivers, has_handle))
      continue;
    if (p->bus.implementation().use_count() != 1)
      violation("what was closed in %s is never deleted", name_of(p->id));
  }
}

void world::look()
{
  for (auto& r : receivers)
    if (alive(r->in.id) && r->receives && !r->left) look_at(*r);

  // Who was killed is found, and taken away as far as those who live allow.
  const acting_as me(last_->id);
  shmbus::core::bus& bus = *last_->bus.implementation();
  shmbus::core::sweep(bus);
  audit();
  look_for_the_forgotten();
  for (auto& p : parties_)
    if (p.get() != last_ && alive(p->id)) kill(p->id);
  shmbus::core::sweep(bus);
  shmbus::core::sweep(bus);
  bus_memory::expect_all_free();
}

}  // namespace model
