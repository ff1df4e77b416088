#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>

namespace torture {

using namespace shmbus;

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
  c.expect(audited(bus).empty(), "the audit found something");
  const std::uint64_t mine_before = arena.of[which].published + arena.of[which].received;
  all[which].signal(SIGCONT);
  for (int i = 0; i < 100 && arena.of[which].published + arena.of[which].received == mine_before;
       ++i)
    sleep_us(20'000);
  c.expect(arena.of[which].published + arena.of[which].received > mine_before,
           "the stopped client did not go on");
  if (which == 2 && policy != overflow::block)
    c.expect(arena.of[which].lost > lost_before, "the stopped subscriber counted no losses");
  arena.stop = true;
  for (auto& child : all) c.expect(child.wait_for(20).empty(), "a client did not end well");
  c.expect(remains(bus).empty(), "something remains");
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

}  // namespace

int stop_mode(const arguments& a)
{
  int failures = 0;
  for (const std::size_t which : {0, 2})
    for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block})
      failures += stop_one(which, policy, std::max<std::uint64_t>(1, a.number(0, 1)));
  return failures;
}

}  // namespace torture
