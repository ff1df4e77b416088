#include "core/fixture.hpp"
#include "core/recovery.hpp"

#include <chrono>
#include <thread>

using namespace shmbus;
using namespace std::chrono_literals;

namespace {
using fixture = mortal_fixture;
}

TEST_CASE_FIXTURE(fixture, "recovery: a sweep finds who is dead, and only them")
{
  const auto mine = join(core::client_role::publisher);
  const auto dead = die();
  CHECK(lives(dead));
  CHECK(core::sweep(*bus) == 1);
  CHECK_FALSE(lives(dead));
  CHECK(lives(mine));
  CHECK(core::sweep(*bus) == 0);
}

TEST_CASE_FIXTURE(fixture, "recovery: one has the turn to sweep, and lets it go")
{
  const auto other = another_handle();
  {
    const core::sweep_turn turn(*bus);
    CHECK(turn);
    CHECK_FALSE(core::sweep_turn(*other));
  }
  CHECK(core::sweep_turn(*other));
}

TEST_CASE_FIXTURE(
    fixture, "recovery: who stands in looks if nobody did, and leaves it to others if somebody did")
{
  core::sweep_stand_in stand_in;
  CHECK(stand_in.alarm());
  CHECK_FALSE(stand_in.alarm());  // from the first one on
  const auto dead = die();
  CHECK_FALSE(stand_in.look(*bus));
  CHECK_FALSE(lives(dead));

  CHECK(stand_in.alarm());
  const auto second = die();
  core::sweep(*another_handle());
  CHECK_FALSE(lives(second));
  CHECK_FALSE(stand_in.look(*bus));

  CHECK(stand_in.alarm());
  core::sweep(*bus);
  const auto third = die();
  CHECK_FALSE(stand_in.alarm());
  CHECK(stand_in.look(*bus));  // somebody is at work: he gets another second for this one
  CHECK(lives(third));
  CHECK_FALSE(stand_in.look(*bus));
  CHECK_FALSE(lives(third));
}

TEST_CASE_FIXTURE(fixture,
                  "recovery: alarms that never rest do not hide that who has the turn is stopped")
{
  const auto stopped = another_handle();
  const core::sweep_turn turn(*stopped);
  REQUIRE(turn);
  REQUIRE(bus->watch_for_deaths());
  const auto dead = die();
  CHECK(noticed(dead, [&] {
    alarm();
    std::this_thread::sleep_for(50ms);
  }));
}
