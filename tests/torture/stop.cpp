#include "shmbus/errc.hpp"
#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <random>
#include <vector>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// What the others do that a stopped one should not hinder. Back-pressure of a stopped subscriber
// hinders on purpose: then publishers have to come back with an error.
enum class work { publishing, receiving, giving_up };

work work_of_others(std::size_t stopped, overflow policy)
{
  if (stopped < 2) return work::publishing;
  return policy == overflow::block ? work::giving_up : work::receiving;
}

std::uint64_t done(work w)
{
  auto& of = shared_arena().of;
  if (w == work::publishing) return of[1].published;
  if (w == work::receiving) return of[3].received;
  return of[0].refused + of[1].refused;
}

bool lives(const sync::broker& bus, ::pid_t pid)
{
  return std::ranges::any_of(
      bus.info().clients, [&](const client_info& c) { return c.pid == pid && c.state == "live"; });
}

// Children: 0 and 1 publish, 2 and 3 subscribe. One of them is stopped, and then goes on.
int stop_one(std::size_t which, overflow policy, std::uint64_t seconds)
{
  auto& arena = shared_arena();
  arena.stop = false;
  for (auto& f : arena.of) f.published = f.received = f.lost = f.refused = 0;
  const broker_config config = new_bus();
  sync::broker bus(config);
  std::vector<child> all;
  for (std::size_t i = 0; i != 2; ++i)
    all.emplace_back([&, i] { return publish(config, arena.of[i]); });
  for (std::size_t i = 2; i != 4; ++i)
    all.emplace_back([&, i] {
      // The other subscriber does not care, so that only the stopped one is the reason for a wait.
      return subscribe(config, i == 2 ? policy : overflow::drop_oldest, arena.of[i]);
    });
  sleep_us(500'000);
  const work w = work_of_others(which, policy);
  const auto rate = [&] {
    const std::uint64_t before = done(w);
    sleep_us(seconds * 500'000);
    return done(w) - before;
  };
  const std::uint64_t undisturbed = rate();
  const std::uint64_t lost_before = arena.of[which].lost;
  all[which].signal(SIGSTOP);
  const std::uint64_t meanwhile = rate();
  sleep_us(seconds * 500'000);
  bus.recover();
  checks c;
  c.expect(lives(bus, all[which].pid()), "a stopped client was declared dead");
  c.expect_nothing(audited(bus));
  const std::uint64_t mine_before = arena.of[which].published + arena.of[which].received;
  all[which].signal(SIGCONT);
  const auto soon = [](auto true_now) {
    for (int i = 0; i < 100 && !true_now(); ++i) sleep_us(20'000);
    return true_now();
  };
  c.expect(soon([&] { return arena.of[which].published + arena.of[which].received > mine_before; }),
           "the stopped client did not go on");
  if (which == 2 && policy != overflow::block)
    c.expect(soon([&] { return arena.of[which].lost > lost_before; }),
             "the stopped subscriber counted no losses");
  arena.stop = true;
  for (auto& child : all) c.expect_nothing(child.wait_for(20));
  c.expect_nothing(remains(bus));
  if (w == work::giving_up) {
    c.expect(meanwhile > 0, "publishers did not come back");
    std::printf("subscriber stopped, block      : publishers came back %lu times with an error\n",
                meanwhile);
    return c.failures();
  }
  std::printf("%-10s stopped, %-11s: the other one did %.0f %% of what it did before\n",
              which < 2 ? "publisher" : "subscriber", name_of(policy),
              undisturbed
                  ? 100.0 * static_cast<double>(meanwhile) / static_cast<double>(undisturbed)
                  : 0.0);
  return c.failures();
}

// A subscriber with back-pressure is stopped: who publishes for some time comes back when that is over.
int publish_to_a_stopped_one(std::uint64_t times)
{
  auto& arena = shared_arena();
  arena.ready = 0;
  const broker_config config = new_bus();
  sync::broker bus(config);
  child stopped([&] {
    sync::broker own(config);
    sync::subscriber sub(own, {.queue_capacity = 4, .overflow = overflow::block});
    sub.subscribe("/stop");
    arena.ready = 1;
    while (sub.receive().text() != "end") {
    }
    return 0;
  });
  while (arena.ready == 0) sleep_us(50);
  stopped.signal(SIGSTOP);
  const topic t("/stop");
  sync::publisher pub(bus);
  std::error_code ec;
  while (pub.try_publish(t, "x", ec) == 1) {
  }
  checks c;
  c.expect(ec == errc::queue_full, "a full queue is " + ec.message());
  constexpr auto patience = 20ms;
  std::uint64_t latest_ns = 0;
  for (std::uint64_t i = 0; i != times; ++i) {
    const std::uint64_t began = now_ns();
    pub.publish_for(t, "y", patience, ec);
    const std::uint64_t took = now_ns() - began;
    constexpr std::uint64_t due = std::chrono::nanoseconds(patience).count();
    c.expect(ec == errc::timed_out, "a publisher that may wait no longer came back with " +
                                        (ec ? ec.message() : "success"));
    c.expect(took >= due, "a publisher came back before its time was over");
    latest_ns = std::max(latest_ns, took - std::min(took, due));
  }
  c.expect(latest_ns < 1'000'000'000, "a publisher came back a second too late");
  stopped.signal(SIGCONT);
  c.expect(pub.publish_for(t, "end", 10s, ec) == 1, "the subscriber did not go on");
  c.expect_nothing(stopped.wait_for(10));
  pub.close();
  c.expect_nothing(remains(bus));
  std::printf(
      "subscriber stopped, block      : %lu times a publisher came back, at most %.1f ms late\n",
      times, static_cast<double>(latest_ns) / 1e6);
  return c.failures();
}

// Any of them is stopped anywhere for a while; every fourth time another one is killed meanwhile.
int stop_at_random(std::uint64_t times)
{
  constexpr std::size_t publishers = 3;
  constexpr std::size_t clients = 9;
  auto& arena = shared_arena();
  arena.stop = false;
  for (auto& f : arena.of) f.published = f.received = f.lost = f.refused = 0;
  const broker_config config = new_bus();
  sync::broker bus(config);
  std::mt19937_64 random(1);
  std::array<child, clients> all;
  const auto start = [&](std::size_t i) {
    all[i] = child([&, i] {
      return i < publishers ? publish(config, arena.of[i])
                            : subscribe(config, static_cast<overflow>(i % 3), arena.of[i]);
    });
  };
  for (std::size_t i = 0; i != clients; ++i) start(i);
  checks c;
  for (std::uint64_t k = 0; k != times && c.failures() == 0; ++k) {
    const std::size_t stopped = random() % clients;
    all[stopped].signal(SIGSTOP);
    sleep_us(random() % 2000);
    if (k % 4 == 0) {
      const std::size_t killed = (stopped + 1 + random() % (clients - 1)) % clients;
      c.expect_nothing(all[killed].kill());
      start(killed);
      sleep_us(random() % 2000);
    }
    all[stopped].signal(SIGCONT);
    sleep_us(random() % 1000);
    if (k % 250 == 0) c.expect_nothing(audited(bus));
  }
  arena.stop = true;
  for (auto& one : all) c.expect_nothing(one.wait_for(20));
  c.expect_nothing(remains(bus));
  std::uint64_t received = 0;
  for (auto& f : arena.of) received += f.received;
  std::printf("%lu stops at random, %lu kills meanwhile, %lu messages received\n", times,
              (times + 3) / 4, received);
  return c.failures();
}

}  // namespace

int stop_mode(const arguments& a)
{
  int failures = 0;
  for (const std::size_t which : {0, 2})
    for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block})
      failures += stop_one(which, policy, std::max<std::uint64_t>(1, a.number(0, 1)));
  failures += publish_to_a_stopped_one(20);
  return failures + stop_at_random(a.number(1, 1000));
}

}  // namespace torture
