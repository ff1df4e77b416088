#include "core/audit.hpp"
#include "core/bus.hpp"
#include "core/clients.hpp"
#include "shmbus/shmbus.hpp"
#include "torture/child.hpp"
#include "torture/crash_point.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <asio/io_context.hpp>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

namespace torture {

using namespace shmbus;

namespace {

const topic where{"/notice"};

double ms(std::uint64_t ns) { return static_cast<double>(ns) / 1e6; }

std::uint64_t percentile(std::vector<std::uint64_t>& times, double p)
{
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(p * static_cast<double>(times.size() - 1))];
}

// Receives in a context that sleeps most of the time, among so many idle subscribers.
int asio_peer(const broker_config& config, std::size_t idle)
{
  auto& arena = shared_arena();
  asio::io_context io;
  broker bus(io, config);
  std::vector<std::unique_ptr<subscriber>> subs;
  for (std::size_t i = 0; i != idle + 1; ++i) {
    subs.push_back(std::make_unique<subscriber>(bus));
    subs.back()->subscribe(i == 0 ? "/notice" : "/idle");
  }
  struct receiver {
    subscriber& sub;
    void operator()(std::error_code ec, const message&)
    {
      if (ec) return;
      ++shared_arena().of[0].received;
      sub.async_receive(receiver{sub});
    }
  };
  for (auto& s : subs) s->async_receive(receiver{*s});
  asio::post(io, [&] { arena.ready = 1; });
  while (!arena.stop) io.run_for(std::chrono::milliseconds(200));
  return 0;
}

int blocked_peer(const broker_config& config)
{
  auto& arena = shared_arena();
  sync::broker bus(config);
  sync::subscriber sub(bus);
  sub.subscribe("/notice");
  arena.ready = 1;
  while (!arena.stop)
    if (sub.receive_for(std::chrono::milliseconds(200))) ++arena.of[0].received;
  return 0;
}

// How long until a killed client is no longer taken for living.
int time_of_notice(std::size_t idle, std::uint64_t rounds)
{
  auto& arena = shared_arena();
  arena.stop = false;
  arena.ready = 0;
  broker_config config = new_bus();
  config.max_clients = static_cast<std::uint32_t>(idle + 64);
  sync::broker keeper(config);
  core::bus& bus = *keeper.implementation();
  child peer([&] { return asio_peer(config, idle); });
  while (arena.ready == 0) sleep_us(100);
  sleep_us(20'000);
  std::vector<std::uint64_t> times;
  for (std::uint64_t i = 0; i != rounds; ++i) {
    arena.ready = 0;
    child victim([&] {
      sync::broker own(config);
      sync::publisher pub(own);
      arena.ready = pub.id().slot + 2;
      ::pause();
      return 0;
    });
    while (arena.ready == 0) sleep_us(20);
    const std::uint32_t slot = arena.ready - 2;
    const auto is_live = [&] {
      return core::slot_word::unpack(bus.slot(slot).state.load(core::seq_cst)).owned();
    };
    sleep_us(1000);
    victim.signal(SIGKILL);
    while (bus.lock().held_by_anyone(core::client_byte(slot))) {
    }
    const std::uint64_t free = now_ns();
    while (is_live() && now_ns() - free < 5'000'000'000) sleep_us(20);
    times.push_back(now_ns() - free);
    victim.wait();
  }
  arena.stop = true;
  peer.wait();
  const std::uint64_t p99 = percentile(times, 0.99);
  std::printf("notice of a death, %4zu clients: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n",
              idle + 2, ms(percentile(times, 0.5)), ms(p99), ms(times.back()));
  checks c;
  c.expect(times.back() <= 2'000'000'000, "a death was not noticed for 2 s");
  return c.failures();
}

// A publisher that dies at each place between its message and the bell: a sleeping reader has the
// message soon all the same.
int time_to_wake(bool asio)
{
  auto& arena = shared_arena();
  arena.stop = false;
  arena.ready = 0;
  arena.of[0].received = 0;
  const broker_config config = new_bus();
  sync::broker keeper(config);
  child peer([&] { return asio ? asio_peer(config, 0) : blocked_peer(config); });
  while (arena.ready == 0) sleep_us(100);
  const auto publish_one = [&] {
    become_victim();
    sync::broker own(config);
    sync::publisher pub(own);
    pub.try_publish(where, "x");
    return 0;
  };
  take_hits();
  child(publish_one).wait();
  int failures = 0;
  std::uint64_t longest = 0;
  std::uint64_t rounds = 0;
  sleep_us(50'000);
  for (const auto& hit : take_hits()) {
    for (std::uint32_t n = 1; n <= std::min(hit.hits, 4u); ++n) {
      const std::uint64_t before = arena.of[0].received;
      arm(hit.index, n);
      child victim(publish_one);
      victim.wait();
      disarm();
      const std::uint64_t dead = now_ns();
      while (arena.of[0].received == before && now_ns() - dead < 150'000'000) sleep_us(50);
      if (arena.of[0].received != before) {
        longest = std::max(longest, now_ns() - dead);
        ++rounds;
      }
      if (core::audit(*keeper.implementation()).queued == 0) continue;
      ++failures;
      std::printf("the reader slept beside a message: %s (%u)\n", name_of(hit.index).c_str(), n);
    }
  }
  arena.stop = true;
  peer.wait();
  std::printf(
      "publisher killed on its way to the bell, %s reader: %lu messages, at most %.1f ms late\n",
      asio ? "coroutine" : "blocked", rounds, ms(longest));
  return failures;
}

}  // namespace

int notice_mode(const arguments& a)
{
  const std::uint64_t rounds = a.number(0, 100);
  if (rounds == 0) return time_to_wake(true) + time_to_wake(false);
  return time_of_notice(0, rounds) + time_of_notice(1000, rounds) + time_to_wake(true) +
         time_to_wake(false);
}

}  // namespace torture
