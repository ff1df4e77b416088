#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace torture {

using namespace shmbus;

namespace {

struct holdings {
  std::size_t descriptors;
  std::size_t mappings;
  friend bool operator==(const holdings&, const holdings&) = default;
};

// What this process holds of the system.
holdings held()
{
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator("/proc/self/fd"))
    ++files;
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);)
    if (line.find("shmbus") != std::string::npos) ++lines;
  return {files, lines};
}

void come_and_go(const broker_config& config)
{
  sync::broker bus(config);
  sync::subscriber sub(bus);
  sub.subscribe("/churn/" + std::to_string(::getpid()));
  sync::publisher pub(bus);
  const topic t("/churn/" + std::to_string(::getpid()));
  if (pub.publish(t, "x") != 1) throw std::runtime_error("reached nobody");
  if (!sub.try_receive()) throw std::runtime_error("received nothing");
}

// So many clients are always there; each of them may be replaced by another one at any time.
int crowd(const broker_config& config, std::uint64_t clients)
{
  auto& arena = shared_arena();
  std::mt19937_64 random(2);
  sync::broker bus(config);
  std::vector<std::unique_ptr<sync::subscriber>> all;
  const auto one_more = [&] {
    auto sub = std::make_unique<sync::subscriber>(bus);
    sub->subscribe("/churn/crowd/" + std::to_string(random() % 100));
    return sub;
  };
  while (all.size() != clients) all.push_back(one_more());
  arena.ready = 1;
  while (!arena.stop) {
    auto& place = all[random() % clients];
    place.reset();
    place = one_more();
    ++arena.of[0].published;
    sleep_us(random() % 500);
  }
  return 0;
}

}  // namespace

int churn_mode(const arguments& a)
{
  constexpr std::uint64_t per_child = 10;
  constexpr std::uint64_t at_once = 8;
  const std::uint64_t cycles = a.number(0, 5000);
  const std::uint64_t others = a.number(1, 1000);
  std::mt19937_64 random(1);
  broker_config config = new_bus();
  config.max_clients = static_cast<std::uint32_t>(others + 64);
  sync::broker bus(config);
  auto& arena = shared_arena();
  arena.ready = 0;
  arena.stop = false;
  child there([&] { return crowd(config, others); });
  while (arena.ready == 0) sleep_us(1000);
  checks c;
  come_and_go(config);
  const holdings before = held();
  for (std::uint64_t done = 0; done < cycles && c.failures() == 0;) {
    std::vector<child> some;
    for (std::uint64_t i = 0; i != at_once; ++i, done += per_child) {
      const auto fuse = random() % 400;
      some.emplace_back([&config, fuse]() -> int {
        for (std::uint64_t k = 1; k != per_child; ++k) come_and_go(config);
        // The tenth is killed, somewhere on its way.
        light_fuse(fuse);
        while (true) come_and_go(config);
      });
    }
    for (auto& client : some) {
      const std::string how = client.wait();
      c.expect(how == "signal 9", "a client ended with " + how);
    }
  }
  for (std::uint64_t i = 0; i != std::min<std::uint64_t>(cycles / 10, 10'000); ++i)
    come_and_go(config);
  const holdings after = held();
  c.expect(before == after, std::to_string(before.descriptors) + " descriptors and " +
                                std::to_string(before.mappings) + " mappings became " +
                                std::to_string(after.descriptors) + " and " +
                                std::to_string(after.mappings));
  arena.stop = true;
  c.expect_nothing(there.wait_for(60));
  c.expect_nothing(remains(bus));
  std::printf(
      "%lu clients came and went, every tenth was killed; of %lu others %lu were replaced\n",
      cycles, others, arena.of[0].published.load());
  return c.failures();
}

}  // namespace torture
