#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <algorithm>
#include <cstdio>
#include <random>

namespace torture {

using namespace shmbus;

int kill_mode(const arguments& a)
{
  constexpr std::size_t publishers = 4;
  constexpr std::size_t subscribers = 8;
  const std::uint64_t kills = a.number(0, 2000);
  std::mt19937_64 random(a.number(1, 1));
  const broker_config config = new_bus();
  sync::broker bus(config);
  auto& arena = shared_arena();

  std::vector<child> all(publishers + subscribers);
  const auto start = [&](std::size_t i) {
    auto& f = arena.of[i];
    if (i < publishers)
      all[i] = child([&] { return publish(config, f); });
    else
      all[i] = child([&, i] { return subscribe(config, static_cast<overflow>(i % 3), f); });
  };
  for (std::size_t i = 0; i != all.size(); ++i) start(i);

  int failures = 0;
  const auto fail = [&](const std::string& what) {
    if (what.empty()) return;
    ++failures;
    std::printf("after %s", what.c_str());
  };
  std::exponential_distribution<double> pause(1.0 / 2500);
  std::uint64_t latest = 0;  // a machine that stands still makes calls long, and this too
  for (std::uint64_t k = 1; k <= kills && failures == 0; ++k) {
    const auto wanted = static_cast<std::uint64_t>(pause(random));
    const std::uint64_t before = now_ns();
    sleep_us(wanted);
    latest = std::max(latest, now_ns() - before - wanted * 1000);
    const std::size_t victim = random() % all.size();
    const std::string how = all[victim].kill();
    if (!how.empty()) fail("kill " + std::to_string(k) + ": a client had ended: " + how + "\n");
    start(victim);
    if (k % 250 == 0) {
      const std::string found = audited(bus);
      if (!found.empty()) fail("kill " + std::to_string(k) + ": " + found);
    }
  }
  arena.stop = true;
  for (auto& c : all) {
    const std::string how = c.wait_for(20);
    if (!how.empty()) fail("the end: a survivor ended with " + how + "\n");
  }
  fail(remains(bus));

  std::uint64_t published = 0, received = 0, slowest = 0;
  for (auto& f : arena.of) {
    published += f.published;
    received += f.received;
    slowest = std::max(slowest, f.slowest_ns.load());
  }
  std::printf("%lu kills, %lu messages published, %lu received, longest call %.1f ms\n", kills,
              published, received, static_cast<double>(slowest) / 1e6);
  std::printf("who only sleeps and kills was late by up to %.1f ms\n",
              static_cast<double>(latest) / 1e6);
  return failures;
}

}  // namespace torture
