#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace torture {

using namespace shmbus;

namespace {

int open_and_use(const broker_config& config, int times, std::uint64_t fuse_us)
{
  if (fuse_us != 0) light_fuse(fuse_us);
  while (!shared_arena().stop) {
  }
  std::mt19937 random(static_cast<unsigned>(::getpid()));
  for (int i = 0; i != times; ++i) {
    sleep_us(random() % 200);
    sync::broker bus(config);
    sync::subscriber sub(bus);
    const topic t("/create/" + std::to_string(::getpid()));
    sub.subscribe(std::string(t.name()));
    sync::publisher pub(bus);
    if (pub.publish(t, "x") != 1 || !sub.try_receive()) return 4;
  }
  return 0;
}

}  // namespace

int create_mode(const arguments& a)
{
  constexpr std::size_t most = 64;
  const std::uint64_t rounds = a.number(0, 50);
  std::mt19937_64 random(1);
  auto& arena = shared_arena();
  const std::filesystem::path directory = std::getenv("SHMBUS_DIR");
  int failures = 0;
  for (std::uint64_t round = 0; round != rounds && failures == 0; ++round) {
    broker_config config = new_bus();
    config.name = "raced-for";
    arena.stop = false;
    // Many at once; or few, so that again and again the last one goes as the next one comes.
    const bool many = round % 2 == 0;
    const std::size_t creators = many ? most : 4;
    std::vector<child> all;
    std::vector<bool> doomed;
    for (std::size_t i = 0; i != creators; ++i) {
      const std::uint64_t fuse = many && i % 8 == 0 ? 1 + random() % 20'000 : 0;
      doomed.push_back(fuse != 0);
      all.emplace_back([&, fuse] { return open_and_use(config, many ? 3 : 200, fuse); });
    }
    arena.stop = true;  // go
    for (std::size_t i = 0; i != creators; ++i) {
      const std::string how = all[i].wait_for(30);
      if (how.empty() || (doomed[i] && how == "signal 9")) continue;
      ++failures;
      std::printf("round %lu: a creator ended with %s\n", round, how.c_str());
    }
    // Whatever the killed ones left: the next one opens a bus, and takes all away when it goes.
    sync::broker(config).info();
    for (const auto& e : std::filesystem::directory_iterator(directory)) {
      ++failures;
      std::printf("round %lu: %s remains\n", round, e.path().filename().c_str());
    }
  }
  std::printf("%lu rounds of %zu creators and of 4\n", rounds, most);
  return failures;
}

}  // namespace torture
