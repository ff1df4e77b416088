// What a context that waits does about the death of others.
#include "async/fixture.hpp"
#include "core/fixture.hpp"
#include "core/recovery.hpp"

#include <chrono>

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

struct fixture : mortal_fixture {
  fixture()
  {
    sub.async_receive([](std::error_code, message) {});
    io.poll();  // it sleeps; who died before was found then
  }

  asio::io_context io;
  broker b{io, {.name = bus->config().name, .adopt = true}};
  subscriber sub{b};
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "deaths: noticed by who waits")
{
  const auto dead = die();
  CHECK(noticed(dead, [&] { io.run_for(50ms); }));
}

TEST_CASE_FIXTURE(fixture,
                  "deaths: noticed although who has the turn is stopped, and alarms never rest")
{
  const auto stopped = another_handle();
  const core::sweep_turn turn(*stopped);
  REQUIRE(turn);
  const auto dead = die();
  CHECK(noticed(dead, [&] {
    alarm();
    io.run_for(50ms);
  }));
}
