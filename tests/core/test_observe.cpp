// A bus seen from outside, by one who takes no part in it.
#include "core/observe.hpp"
#include "shmbus/errc.hpp"
#include "sync/fixture.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <system_error>

using namespace shmbus;

namespace {

std::shared_ptr<const core::bus> look(const sync::broker& b, std::error_code& ec)
{
  ec.clear();
  return core::bus::open_to_look(b.config(), ec);
}

struct observed_bus {
  core::observation see() const
  {
    std::error_code ec;
    const auto b = look(broker, ec);
    REQUIRE_FALSE(ec);
    return core::observe(*b);
  }
  core::lane_counts lane() const
  {
    const auto seen = see();
    REQUIRE(seen.lanes.size() == 1);
    return seen.lanes.front();
  }

  sync::broker broker{own_bus()};
};

}  // namespace

TEST_CASE("observe: clients are seen with what they asked for and what they counted")
{
  observed_bus b;
  sync::publisher pub(b.broker);
  sync::subscriber sub(b.broker, {.queue_capacity = 7, .max_held = 3, .overflow = overflow::block});
  sub.subscribe("/a");
  pub.publish(topic("/a"), std::string(100, 'x'));  // not a small one
  pub.publish(topic("/b"), "12");
  const message m = sub.receive();
  const auto seen = b.see();
  REQUIRE(seen.clients.size() == 2);
  const auto& p = seen.clients[0];
  CHECK(p.id == pub.id());
  CHECK(p.role == core::client_role::publisher);
  CHECK(p.state == core::slot_state::live);
  CHECK_FALSE(p.dead);
  CHECK(p.pid == static_cast<std::uint32_t>(::getpid()));
  CHECK(p.control_pages >= 3);  // directory, counters, lane
  CHECK(p.data_pages >= 1);
  REQUIRE(p.published);
  CHECK(p.published->topics.size() == 2);
  CHECK_FALSE(p.received);
  const auto& s = seen.clients[1];
  CHECK(s.role == core::client_role::subscriber);
  CHECK(s.queue_capacity == 7);
  CHECK(s.max_held == 3);
  CHECK(s.overflow == static_cast<std::uint32_t>(overflow::block));
  CHECK(s.patterns == std::vector<std::string>{"/a"});
  REQUIRE(s.received);
  CHECK(s.received->received == 1);
  CHECK(s.data_pages == 0);
  CHECK(seen.file_bytes > 0);
}

TEST_CASE("observe: a lane's messages are sent, queued, held, released or lost")
{
  observed_bus b;
  sync::publisher pub(b.broker);
  sync::subscriber sub(b.broker, {.queue_capacity = 5, .max_held = 3});
  sub.subscribe("/a");
  CHECK(b.see().lanes.empty());
  std::vector<message> held;
  std::uint64_t sent = 0;
  std::uint64_t taken = 0;
  std::uint64_t lost = 0;
  // Past the ends of both rings several times.
  for (int round = 0; round != 40; ++round) {
    const std::uint32_t n = 1 + round % 7;
    for (std::uint32_t i = 0; i != n; ++i) pub.publish(topic("/a"), std::string(100, 'x'));
    sent += n;
    auto lane = b.lane();
    CHECK(lane.sent == sent);
    CHECK(lane.queued == std::min(n, 5u));
    CHECK(lane.taken == taken);
    CHECK(lane.held == held.size());
    while (auto m = sub.try_receive()) {
      ++taken;
      if (held.size() == 2) held.erase(held.begin());
      held.push_back(std::move(*m));
    }
    lost += n > 5 ? n - 5 : 0;
    lane = b.lane();
    CHECK(lane.queued == 0);
    CHECK(lane.taken == taken);
    CHECK(lane.held == held.size());
    CHECK(lane.lost == lost);
    CHECK(sub.lost() == lost);
    CHECK(lane.sent == taken + lost);
  }
}

TEST_CASE("observe: a queue that drops the newest counts as lost what it never had")
{
  observed_bus b;
  sync::publisher pub(b.broker);
  sync::subscriber sub(b.broker, {.queue_capacity = 2, .overflow = overflow::drop_newest});
  sub.subscribe("/a");
  for (int i = 0; i != 6; ++i) pub.publish(topic("/a"), "x");
  CHECK(b.lane().queued == 2);
  while (sub.try_receive()) {
  }
  CHECK(b.lane().sent == 2);
  CHECK(b.lane().lost == 4);
}

TEST_CASE("observe: who looks is not there, and the bus goes without him")
{
  std::error_code ec;
  std::shared_ptr<const core::bus> watcher;
  {
    sync::broker broker{own_bus()};
    CHECK(std::filesystem::exists(broker.path()));
    watcher = look(broker, ec);
    REQUIRE(watcher);
    CHECK(broker.info().clients.empty());
    CHECK(watcher->in_use());
    sync::publisher pub(broker);
    CHECK(core::observe(*watcher).clients.size() == 1);
  }
  CHECK_FALSE(std::filesystem::exists(watcher->path()));
  CHECK_FALSE(watcher->in_use());
  CHECK(core::observe(*watcher).clients.empty());
  CHECK_FALSE(core::bus::open_to_look(watcher->config(), ec));
  CHECK(ec == errc::no_such_bus);
}

TEST_CASE("observe: another bus of the same name is another bus")
{
  std::error_code ec;
  auto broker = std::make_unique<sync::broker>(own_bus());
  const auto config = broker->config();
  const auto watcher = look(*broker, ec);
  broker.reset();
  const sync::broker another(config);
  CHECK_FALSE(watcher->in_use());
  CHECK(look(another, ec)->in_use());
}

TEST_CASE("observe: a client that was killed is dead before anybody has noticed")
{
  observed_bus b;
  sync::broker other(b.broker.config());
  sync::subscriber sub(other);
  const auto id = sub.id();
  other.implementation()->lock().unlock(core::first_client_byte + id.slot);
  const auto seen = b.see();
  REQUIRE(seen.clients.size() == 1);
  CHECK(seen.clients[0].dead);
}

TEST_CASE("observe: garbage is shown as little as possible, and does no harm")
{
  observed_bus b;
  sync::publisher pub(b.broker);
  sync::subscriber sub(b.broker);
  sub.subscribe("/a");
  pub.publish(topic("/a"), "x");
  core::bus& bus = *b.broker.implementation();
  auto& slot = bus.slot(pub.id().slot);
  const auto root = core::place_word::unpack(slot.root.load(core::acquire));
  auto& entry = bus.control_at<core::shared_u64>(root.page)[sub.id().slot];
  const auto was = core::place_word::unpack(entry.load(core::acquire));
  for (const std::uint32_t page : {1u, was.page + 1, 0xffffffffu}) {
    entry.store(core::place_word{page, was.generation}.pack(), core::relaxed);
    CHECK(b.see().lanes.empty());
  }
  entry.store(was.pack(), core::relaxed);
  auto& lane = *bus.control_at<core::lane_header>(was.page);
  for (auto* word : {&lane.capacity, &lane.completions}) {
    const auto value = word->exchange(0, core::relaxed);
    CHECK(b.see().lanes.empty());
    word->store(value, core::relaxed);
  }
  CHECK(b.see().lanes.size() == 1);
  const auto role = slot.role.exchange(77, core::relaxed);
  CHECK(b.see().clients.size() == 2);
  slot.role.store(role, core::relaxed);
}
