// How little a context costs while nothing happens, and how few system calls wake it. Each ring of a
// bell is one futex wake, and counts in the bell's word; an armed bell has one futex wait.
#include "async/fixture.hpp"
#include "core/bus.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace shmbus;
using test::own_bus;

namespace {

struct crowd {
  crowd()
  {
    auto config = own_bus();
    config.max_clients = 1100;
    bus = std::make_unique<broker>(io, config);
    pub = std::make_unique<publisher>(*bus);
    for (int i = 0; i < 1000; ++i) {
      subs.emplace_back(*bus);
      subs.back().subscribe("/all");
      subs.back().subscribe("/n/" + std::to_string(i));
      receive(subs.back());
    }
    config.adopt = true;
    std::error_code ec;
    inside = core::bus::open(config, ec);
    REQUIRE_FALSE(ec);
  }

  void receive(subscriber& s)
  {
    s.async_receive([this, &s](std::error_code ec, message) {
      if (ec) return;
      ++received;
      receive(s);
    });
  }

  std::uint32_t armed_bells() const
  {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < inside->bells_high_water(); ++i)
      if (inside->bell(i).armed.load(core::seq_cst) != 0) ++count;
    return count;
  }
  std::uint32_t rings() const
  {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < inside->bells_high_water(); ++i)
      count += inside->bell(i).word.load(core::seq_cst);
    return count;
  }
  void run_until(int count)
  {
    while (received != count) io.run_one();
    io.poll();
  }

  asio::io_context io;
  std::unique_ptr<broker> bus;
  std::unique_ptr<publisher> pub;
  std::vector<subscriber> subs = [] {
    std::vector<subscriber> v;
    v.reserve(1000);
    return v;
  }();
  std::shared_ptr<core::bus> inside;
  int received = 0;
};

}  // namespace

TEST_CASE("1,000 idle subscribers of a context wait on one bell")
{
  crowd c;
  c.io.poll();
  CHECK(c.armed_bells() == 1);
  CHECK(c.inside->bells_high_water() == 1);
  const std::uint32_t before = c.rings();
  c.io.poll();
  CHECK(c.rings() == before);
}

TEST_CASE("a burst of 1,000 messages to a sleeping context wakes it with at most 3 system calls")
{
  crowd c;
  c.io.poll();
  const std::uint32_t before = c.rings();
  std::string name;
  for (int i = 0; i < 1000; ++i) {
    name = "/n/" + std::to_string(i);
    CHECK(c.pub->try_publish(topic(name), "x") == 1);
  }
  c.run_until(1000);
  CHECK(c.rings() - before <= 3);
  CHECK(c.armed_bells() == 1);
}

TEST_CASE("one message to 1,000 subscribers of a sleeping context wakes it once")
{
  crowd c;
  c.io.poll();
  const std::uint32_t before = c.rings();
  CHECK(c.pub->try_publish(topic("/all"), "x") == 1000);
  c.run_until(1000);
  CHECK(c.rings() - before <= 3);
}

TEST_CASE("publishing to a context that is awake makes no system call")
{
  crowd c;
  c.io.poll();
  c.pub->try_publish(topic("/n/0"), "x");
  const std::uint32_t before = c.rings();
  for (int i = 0; i < 100; ++i) c.pub->try_publish(topic("/n/1"), "x");
  CHECK(c.rings() == before);
}
