#include "core/fixture.hpp"
#include "core/subscription_table.hpp"
#include "shmbus/errc.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace shmbus;

namespace {

using texts = std::vector<std::string>;

struct fixture : core_fixture {
  texts seen() { return *core::read_subscriptions(*bus, sub.me); }
  std::uint64_t version()
  {
    return bus->slot(sub.me.slot).subscriptions_version.load(core::seq_cst);
  }
  core::pattern_page* page()
  {
    const auto root = core::place_word::unpack(bus->slot(sub.me.slot).root.load(core::acquire));
    return bus->control_at<core::pattern_page>(root.page);
  }

  bare_subscriber sub{*this, ""};
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "subscription_table: others see what was added, until it is removed")
{
  CHECK(seen().empty());
  sub.table.add("/a/#", ec);
  sub.table.add("/b", ec);
  CHECK(seen() == texts{"/a/#", "/b"});
  CHECK(sub.table.remove("/a/#"));
  CHECK_FALSE(sub.table.remove("/a/#"));
  CHECK(seen() == texts{"/b"});
  sub.table.add("/c/*", ec);  // in the entry that became free
  CHECK(seen() == texts{"/c/*", "/b"});
  CHECK_FALSE(ec);
}

TEST_CASE_FIXTURE(fixture,
                  "subscription_table: each change shows in both versions, and nothing else")
{
  const auto routes = [&] { return bus->header().routes_version.load(core::seq_cst); };
  const auto own = version(), all = routes();
  sub.table.add("/a", ec);
  CHECK(version() == own + 1);
  CHECK(routes() == all + 1);
  sub.table.add("/a", ec);  // is there
  sub.table.remove("/never");
  CHECK(routes() == all + 1);
  sub.table.remove("/a");
  CHECK(version() == own + 2);
  CHECK(routes() == all + 2);
}

TEST_CASE_FIXTURE(fixture, "subscription_table: so many, and no more")
{
  for (int i = 0; i != 4; ++i) sub.table.add("/" + std::to_string(i), ec);
  CHECK_FALSE(ec);
  sub.table.add("/one/more", ec);
  CHECK(ec == errc::too_many_subscriptions);
  sub.table.add("/3", ec);  // is there
  CHECK_FALSE(ec);
  sub.table.remove("/0");
  sub.table.add("/one/more", ec);
  CHECK_FALSE(ec);
  CHECK(seen().size() == 4);
}

TEST_CASE("subscription_table: many patterns take several pages")
{
  core_fixture f;
  f.bus = core_fixture::open(4, 100);
  bare_subscriber sub(f, "");
  texts added;
  for (int i = 0; i != 100; ++i) {
    added.push_back("/" + std::string(250, static_cast<char>('a' + i % 26)) + std::to_string(i));
    sub.table.add(added.back(), f.ec);
    REQUIRE_FALSE(f.ec);
  }
  CHECK(core::read_subscriptions(*f.bus, sub.me) == added);
}

TEST_CASE_FIXTURE(fixture, "subscription_table: of who left, or came after, nothing is believed")
{
  sub.table.add("/a", ec);
  CHECK(core::read_subscriptions(*bus, {sub.me.slot, sub.me.generation + 1}) == std::nullopt);
  sub.leave();
  CHECK(core::read_subscriptions(*bus, sub.me) == std::nullopt);
}

TEST_CASE_FIXTURE(fixture,
                  "subscription_table: garbage is left out, or makes all of it unbelievable")
{
  sub.table.add("/a", ec);
  sub.table.add("/b", ec);
  core::pattern_page& p = *page();
  SUBCASE("an entry that is being written")
  {
    p.entries[0].state.fetch_add(1, core::seq_cst);
    CHECK(seen() == texts{"/b"});
  }
  SUBCASE("a size that no pattern has")
  {
    p.entries[0].size.store(256, core::seq_cst);
    CHECK(seen() == texts{"/b"});
  }
  SUBCASE("a text that is no pattern")
  {
    p.entries[0].text[0].store(0, core::seq_cst);
    CHECK(seen() == texts{"/b"});
  }
  SUBCASE("a chain without an end")
  {
    p.next.store(core::place_word::unpack(bus->slot(sub.me.slot).root.load(core::acquire)).page,
                 core::seq_cst);
    CHECK(core::read_subscriptions(*bus, sub.me) == std::nullopt);
  }
  SUBCASE("a chain that leads out of the bus")
  {
    p.next.store(0xffff'ffff, core::seq_cst);
    CHECK(core::read_subscriptions(*bus, sub.me) == std::nullopt);
  }
}
