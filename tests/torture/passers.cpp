#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"
#include <shmbus/shmbus.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace torture {

using namespace shmbus;

namespace {

constexpr std::uint64_t each = 4;  // messages of one publisher, two of them larger than a slot

// Passes by: publishes and goes, or is killed on its way. What it was told is published, is.
int pass(const broker_config& config, arena::figures& f, bool leaves)
{
  sync::broker bus(config);
  sync::publisher pub(bus);
  const topic t("/passers");
  const std::string large(500, 'p');
  for (std::uint64_t i = 0; i != each; ++i) {
    pub.publish(t, i % 2 == 0 ? std::string_view("p") : std::string_view(large));
    ++f.published;
  }
  if (!leaves) ::kill(::getpid(), SIGKILL);
  return 0;
}

// Waits for this bus, but receives nothing before all is over.
int waits_only(const broker_config& config, arena::figures& f)
{
  auto& arena = shared_arena();
  asio::io_context io;
  broker bus(io, config);
  subscriber sub(bus);
  sub.subscribe("/passers");
  bus.async_wait_closed([](auto) {});
  ++arena.ready;
  while (!arena.stop) io.run_for(std::chrono::milliseconds(100));
  while (auto m = sub.try_receive()) ++f.received;
  f.lost = sub.lost();
  return 0;
}

// Receives one message now and then.
int receives_seldom(const broker_config& config, arena::figures& f, std::uint64_t every_ms)
{
  auto& arena = shared_arena();
  sync::broker bus(config);
  sync::subscriber sub(bus);
  sub.subscribe("/passers");
  ++arena.ready;
  while (!arena.stop) {
    if (const auto m = sub.try_receive()) ++f.received;
    sleep_us(every_ms * 1000);
  }
  while (auto m = sub.try_receive()) ++f.received;
  f.lost = sub.lost();
  return 0;
}

}  // namespace

// So many publishers come, publish and go, beside subscribers that hardly receive. Between two calls
// of the one that does not wait no more may end than there are places.
int passers_mode(const arguments& a)
{
  const std::uint64_t publishers = a.number(0, 10'000);
  const std::uint64_t every_ms = a.number(1, 1000);
  const std::uint64_t a_second = a.number(2, 150'000 / std::max(1ul, every_ms));
  const auto pause = std::chrono::microseconds(1'000'000 / std::max(1ul, a_second));
  auto& arena = shared_arena();
  arena.ready = 0;
  arena.stop = false;
  broker_config config = new_bus();
  sync::broker bus(config);
  std::vector<child> subscribers;
  subscribers.emplace_back([&] { return waits_only(config, arena.of[1]); });
  subscribers.emplace_back([&] { return receives_seldom(config, arena.of[2], every_ms); });
  while (arena.ready != 2) sleep_us(1000);
  checks c;
  std::mt19937_64 random(3);
  auto next = std::chrono::steady_clock::now();
  for (std::uint64_t done = 0; done != publishers && c.failures() == 0; ++done) {
    std::this_thread::sleep_until(next);
    next = std::max(next + pause, std::chrono::steady_clock::now());
    const bool leaves = random() % 4 != 0;
    child passer([&] { return pass(config, arena.of[0], leaves); });
    const std::string how = passer.wait();
    c.expect(how == (leaves ? "" : "signal 9"), "a publisher ended with " + how);
  }
  arena.stop = true;
  for (auto& s : subscribers) c.expect_nothing(s.wait_for(60));
  const std::uint64_t published = arena.of[0].published;
  for (const int i : {1, 2}) {
    const auto& f = arena.of[i];
    c.expect(f.received + f.lost == published,
             "of " + std::to_string(published) + " messages, " + std::to_string(f.received) +
                 " were received and " + std::to_string(f.lost) + " counted as lost");
  }
  c.expect_nothing(remains(bus));
  std::printf(
      "%lu publishers with %lu messages; one subscriber that waits only received %lu and lost %lu, "
      "one that receives every %lu ms received %lu and lost %lu\n",
      publishers, published, arena.of[1].received.load(), arena.of[1].lost.load(), every_ms,
      arena.of[2].received.load(), arena.of[2].lost.load());
  return c.failures();
}

}  // namespace torture
