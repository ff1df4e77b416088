#include "shmbus/errc.hpp"
#include "shmbus/shmbus.hpp"
#include "torture/child.hpp"
#include "torture/fail_nth.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <asio/io_context.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <random>
#include <thread>

namespace torture {

using namespace shmbus;

namespace {

const topic t{"/forks"};

struct client {
  explicit client(const broker_config& config) : bus(config), pub(bus), sub(bus)
  {
    sub.subscribe("/forks");
  }
  bool works() { return pub.publish(t, "x") >= 1 && sub.receive().text() == "x"; }
  // A child of fork is told by all that it inherited.
  bool is_refused()
  {
    std::error_code publishing, receiving, subscribing;
    pub.try_publish(t, "from the child", publishing);
    (void)sub.try_receive(receiving);
    sub.subscribe("/more", subscribing);
    return publishing == errc::forked && receiving == errc::forked && subscribing == errc::forked;
  }
  sync::broker bus;
  sync::publisher pub;
  sync::subscriber sub;
};

// What it inherited is the parent's, what it makes is its own.
void live_on(const broker_config& config, std::optional<client>& inherited)
{
  auto& arena = shared_arena();
  const bool refused = inherited->is_refused();
  inherited.reset();
  client own(config);
  const bool good = refused && own.works();
  arena.of[0].published = static_cast<std::uint64_t>(::getpid());
  arena.ready = good ? 1 : 2;
  while (!arena.stop) sleep_us(500);
}

// Publishes and receives in several threads, and forks on its way, whatever they are at.
int use_and_fork(const broker_config& config, std::uint64_t after_us)
{
  std::optional<client> mine(std::in_place, config);
  asio::io_context io;
  broker bus(io, config);
  subscriber sub(bus);
  sub.subscribe("/forks");
  std::function<void(std::error_code, const message&)> next = [&](auto ec, const message&) {
    if (!ec) sub.async_receive(next);
  };
  sub.async_receive(next);
  std::thread runs([&] { io.run(); });
  std::thread receives([&] {
    while (true) (void)mine->sub.receive_for(std::chrono::milliseconds(1));
  });
  std::thread publishes([&] {
    while (true) mine->pub.publish(t, "x");
  });
  sleep_us(after_us);
  if (::fork() == 0) {
    live_on(config, mine);
    ::_exit(0);
  }
  publishes.join();  // until it is killed
  return 0;
}

}  // namespace

// A child of fork has copies of all descriptors, and may live longer than its parent.
int forks_mode(const arguments& a)
{
  if (!can_fail_calls) throw skipped{"a sanitizer's allocator may be locked in the child for ever"};
  const std::uint64_t rounds = a.number(0, 100);
  std::mt19937_64 random(1);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const broker_config config = new_bus();
  sync::broker bus(config);
  auto& arena = shared_arena();
  checks c;
  for (std::uint64_t i = 0; i != rounds && c.failures() == 0; ++i) {
    arena.ready = 0;
    arena.stop = false;
    child parent([&] { return use_and_fork(config, random() % 3000); });
    std::string how;
    for (int n = 0; arena.ready == 0 && n != 50'000 && !parent.ended(how); ++n) sleep_us(200);
    c.expect(arena.ready != 0, "the child of a fork came to nothing; its parent: " + how);
    c.expect(arena.ready != 2, "the child of a fork is not refused, or cannot make its own");
    c.expect_nothing(parent.kill());
    const auto lives_on = static_cast<::pid_t>(arena.of[0].published.load());
    bus.recover();
    for (const auto& client : bus.info().clients)
      c.expect(client.pid == lives_on || client.state == "orphan",
               "a dead client is " + client.state);
    c.expect_nothing(audited(bus));
    arena.stop = true;
    if (arena.ready == 0) return c.failures();
    int status = 0;
    ::waitpid(lives_on, &status, 0);
    c.expect(status == 0, "the child of a fork did not end well");
    c.expect_nothing(remains(bus));
  }
  std::printf("%lu parents were killed, and their children lived on\n", rounds);
  return c.failures();
}

}  // namespace torture
