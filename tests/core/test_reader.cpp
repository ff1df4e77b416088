#include "core/fixture.hpp"
#include "core/reader.hpp"
#include "core/writer.hpp"
#include "shmbus/errc.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace shmbus;

namespace {

struct fixture : core_fixture {
  fixture()
  {
    sub->subscribe("/a", ec);
    REQUIRE_FALSE(ec);
  }
  ~fixture() { sub->drop(); }

  std::shared_ptr<core::writer> publisher() { return core::writer::join(bus, {}, ec); }
  bool take()
  {
    message m;
    return sub->take(m.implementation(), ec);
  }
  bool bit_of(const core::writer& w)
  {
    return (bus->pending(sub->id().slot)[0].load(core::seq_cst) & core::bit_mask(w.id().slot)) != 0;
  }

  core::slot_state state_of(std::uint32_t slot)
  {
    return core::slot_word::unpack(bus->slot(slot).state.load(core::seq_cst)).state;
  }

  core::reader* sub = core::reader::join(bus, {}, ec);
  const topic a{"/a"};
};

}  // namespace

TEST_CASE_FIXTURE(fixture,
                  "reader: looks at a lane for a while before its publisher has to tell anew")
{
  const auto pub = publisher();
  for (int round = 0; round != 3; ++round) {
    pub->try_publish(a, "x", ec);
    CHECK(bit_of(*pub));
    REQUIRE(take());
    int looks = 0;
    while (bit_of(*pub)) {
      CHECK_FALSE(take());
      REQUIRE(++looks < 10'000);
    }
    CHECK(looks > 16);
  }
}

TEST_CASE_FIXTURE(fixture, "reader: finds what came while the bit was set, and while it was not")
{
  const auto pub = publisher();
  for (int idle = 0; idle < 600; idle += 7) {
    pub->try_publish(a, "x", ec);
    CHECK(sub->readable());
    REQUIRE(take());
    for (int i = 0; i != idle; ++i) REQUIRE_FALSE(take());
  }
  CHECK_FALSE(ec);
}

TEST_CASE_FIXTURE(fixture, "reader: one that always has something does not hide the others")
{
  const auto busy = publisher(), quiet = publisher();
  for (int i = 0; i != 200; ++i) busy->try_publish(a, "x", ec);
  quiet->try_publish(a, "y", ec);
  int before = 0;
  message m;
  while (true) {
    m.reset();
    REQUIRE(sub->take(m.implementation(), ec));
    if (m.text() == "y") break;
    ++before;
  }
  CHECK(before <= 32);
}

TEST_CASE_FIXTURE(fixture, "reader: takes turns among many, and misses none")
{
  std::vector<std::shared_ptr<core::writer>> all;
  for (int i = 0; i != 20; ++i) all.push_back(publisher());
  for (int round = 0; round != 50; ++round) {
    for (const auto& w : all) w->try_publish(a, "x", ec);
    int taken = 0;
    while (take()) ++taken;
    CHECK(taken == 20);
  }
  CHECK(sub->lost() == 0);
}

TEST_CASE_FIXTURE(fixture, "reader: one receive at a time")
{
  REQUIRE(sub->enter(ec));
  CHECK_FALSE(sub->enter(ec));
  CHECK(ec == errc::busy);
  sub->leave();
  ec.clear();
  CHECK(sub->enter(ec));
  sub->leave();
  sub->close();
  CHECK_FALSE(sub->enter(ec));
  CHECK(ec == errc::closed);
}

TEST_CASE_FIXTURE(fixture, "reader: a batch releases what stood there, and says how many came")
{
  const auto pub = publisher();
  std::vector<message> batch(4);
  for (int i = 0; i != 6; ++i) pub->try_publish(a, "x", ec);
  CHECK(sub->take_some(batch, ec) == 4);
  CHECK(sub->take_some(batch, ec) == 2);
  CHECK_FALSE(batch[1].empty());
  CHECK(batch[2].empty());
  CHECK(sub->take_some(batch, ec) == 0);
  CHECK(batch[0].empty());
  CHECK_FALSE(ec);
}

TEST_CASE_FIXTURE(fixture,
                  "reader: who has drained the lane of one that is gone sets its place free")
{
  auto pub = publisher();
  const std::uint32_t slot = pub->id().slot;
  const std::string large(200, 'x');  // a view into memory of the publisher
  pub->try_publish(a, large, ec);
  pub->try_publish(a, "y", ec);
  message held;
  REQUIRE(sub->take(held.implementation(), ec));
  pub.reset();
  CHECK(state_of(slot) == core::slot_state::dead);  // with messages that are not read yet
  REQUIRE(take());
  CHECK_FALSE(take());
  CHECK(state_of(slot) == core::slot_state::dead);
  CHECK(held.text() == large);
  held.reset();
  CHECK(state_of(slot) == core::slot_state::free);
}
