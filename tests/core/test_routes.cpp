#include "core/fixture.hpp"
#include "core/hash.hpp"
#include "core/recovery.hpp"
#include "core/routes.hpp"

#include <string>
#include <vector>

using namespace shmbus;

namespace {

struct fixture : mortal_fixture {
  using slots = std::vector<std::uint32_t>;

  core::route& find(std::string_view topic)
  {
    if (!routes.current()) routes.renew([this](std::uint32_t slot) { gone.push_back(slot); });
    return routes.find(topic, core::hash_bytes(topic));
  }
  slots reached(std::string_view topic) { return find(topic).subscribers; }

  core::routes routes{*bus};
  slots gone;
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "routes: a topic goes to those whose patterns match, each once")
{
  bare_subscriber exact(*this, "/a/b"), level(*this, "/a/*"), all(*this, "/#");
  level.table.add("/a/b", ec);
  CHECK(reached("/a/b") == slots{exact.me.slot, level.me.slot, all.me.slot});
  CHECK(reached("/a/c") == slots{level.me.slot, all.me.slot});
  CHECK(reached("/x") == slots{all.me.slot});
}

TEST_CASE_FIXTURE(fixture, "routes: current until a subscription changes")
{
  bare_subscriber a(*this, "/a");
  CHECK(reached("/a") == slots{a.me.slot});
  CHECK(routes.current());
  bare_subscriber b(*this, "/a");
  CHECK_FALSE(routes.current());
  CHECK(reached("/a") == slots{a.me.slot, b.me.slot});
  a.table.remove("/a");
  CHECK(reached("/a") == slots{b.me.slot});
  CHECK(gone.empty());
}

TEST_CASE_FIXTURE(fixture, "routes: who left is told of once, and who has the slot next is another")
{
  bare_subscriber a(*this, "/a");
  reached("/a");
  a.leave();
  CHECK(reached("/a").empty());
  CHECK(gone == slots{a.me.slot});
  bare_subscriber b(*this, "/b");
  REQUIRE(b.me.slot == a.me.slot);
  CHECK(reached("/a").empty());
  CHECK(reached("/b") == slots{b.me.slot});
  CHECK(gone == slots{a.me.slot});
}

TEST_CASE_FIXTURE(fixture, "routes: not current any more when a subscriber is found dead")
{
  const auto own = another_handle();
  const auto me = core::join(*own, core::client_role::subscriber, {}, ec);
  REQUIRE(me);
  core::subscription_table(*own, *me).add("/a", ec);
  CHECK(reached("/a") == slots{me->slot});
  own->lock().abandon();  // as the kernel does for a process that was killed
  CHECK(routes.current());
  CHECK(core::sweep(*bus) == 1);
  CHECK_FALSE(routes.current());
  CHECK(reached("/a").empty());
  CHECK(gone == slots{me->slot});
}

TEST_CASE_FIXTURE(fixture, "routes: one that leaves gets nothing new, but is not gone yet")
{
  bare_subscriber a(*this, "/a");
  reached("/a");
  core::begin_leave(*bus, a.me);
  CHECK(reached("/a").empty());
  CHECK(gone.empty());
  a.leave();
  reached("/a");
  CHECK(gone == slots{a.me.slot});
}

TEST_CASE_FIXTURE(fixture,
                  "routes: nothing goes to one that is shunned, until another has its slot")
{
  bare_subscriber a(*this, "/a");
  reached("/a");
  routes.shun(a.me.slot);
  CHECK(reached("/a").empty());
  a.table.add("/a/more", ec);
  CHECK(reached("/a/more").empty());
  a.leave();
  bare_subscriber b(*this, "/a");
  CHECK(reached("/a") == slots{b.me.slot});
}

TEST_CASE_FIXTURE(fixture, "routes: which may block is known of the route")
{
  bare_subscriber a(*this, "/a"), b(*this, "/b", {.overflow = overflow::block});
  CHECK_FALSE(find("/a").blocks);
  CHECK(find("/b").blocks);
}

TEST_CASE_FIXTURE(fixture, "routes: to a subscriber whose words are garbage nothing is sent")
{
  for (const std::uint32_t wrong : {0u, core::max_queue_capacity + 1, ~0u}) {
    bare_subscriber a(*this, "/a");
    bus->slot(a.me.slot).queue_capacity.store(wrong, core::seq_cst);
    CHECK(reached("/a").empty());
    a.leave();
  }
  bare_subscriber a(*this, "/a");
  bus->slot(a.me.slot).overflow.store(3, core::seq_cst);
  CHECK(reached("/a").empty());
}

TEST_CASE_FIXTURE(fixture, "routes: topics of equal hash, and of equal beginning, are told apart")
{
  bare_subscriber a(*this, "/a"), b(*this, "/b");
  reached("/a");
  CHECK(routes.find("/a", 7).subscribers == slots{a.me.slot});
  CHECK(routes.find("/b", 7).subscribers == slots{b.me.slot});
  CHECK(routes.find("/a/b", 7).subscribers.empty());
  CHECK(routes.find("/a", 7).subscribers == slots{a.me.slot});
}

TEST_CASE_FIXTURE(fixture, "routes: more topics than are remembered")
{
  bare_subscriber a(*this, "/a/#");
  for (int round = 0; round != 2; ++round)
    for (int i = 0; i != 20'000; ++i) REQUIRE(reached("/a/" + std::to_string(i)).size() == 1);
}

TEST_CASE_FIXTURE(fixture, "routes: the topic as it stands in a message")
{
  const std::string fits = "/" + std::string(core::inline_topic_size - 1, 'x');
  const core::route& r = find(fits);
  CHECK(std::string(r.inline_topic, core::inline_topic_size) == fits);
  CHECK(std::string(find(fits + "y").inline_topic, 1) == std::string(1, '\0'));
}
