#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace torture {

using namespace shmbus;

namespace {

struct use {
  std::uint64_t ticks = 0;     // of CPU
  std::uint64_t wake_ups = 0;  // of all threads
};

use used_by(const std::vector<child>& all)
{
  use sum;
  for (const auto& c : all) {
    const std::filesystem::path process = "/proc/" + std::to_string(c.pid());
    std::ifstream stat(process / "stat");
    std::string text;
    std::getline(stat, text);
    std::istringstream rest(text.substr(text.rfind(')') + 1));
    std::string word;
    for (int field = 3; field <= 15 && rest >> word; ++field)
      if (field >= 14) sum.ticks += std::stoull(word);
    for (const auto& thread : std::filesystem::directory_iterator(process / "task")) {
      std::ifstream status(thread.path() / "status");
      for (std::string line; std::getline(status, line);)
        if (line.starts_with("voluntary_ctxt_switches:"))
          sum.wake_ups += std::stoull(line.substr(24));
    }
  }
  return sum;
}

}  // namespace

// So many processes that wait for a message, and one of them dies.
int idle_mode(const arguments& a)
{
  const std::uint64_t processes = a.number(0, 1000);
  broker_config config = new_bus();
  config.max_clients = static_cast<std::uint32_t>(processes + 16);
  sync::broker bus(config);
  auto& arena = shared_arena();
  std::vector<child> all;
  for (std::uint64_t i = 0; i != processes; ++i)
    all.emplace_back([&] {
      sync::broker own(config);
      sync::subscriber sub(own);
      sub.subscribe("/idle");
      ++arena.ready;
      const message m = sub.receive();
      return m.text() == "end" ? 0 : 4;
    });
  while (arena.ready != processes) sleep_us(10'000);
  sleep_us(3'000'000);
  const use begin = used_by(all);
  sleep_us(10'000'000);
  const use idle = used_by(all);
  child dying = std::move(all.back());
  all.pop_back();
  const use before = used_by(all);
  dying.kill();
  sleep_us(3'000'000);
  const use after = used_by(all);
  const double second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::printf("%lu processes that wait: %.3f %% of a CPU, %lu wake-ups in 10 s\n", processes,
              static_cast<double>(idle.ticks - begin.ticks) / second / 10 * 100,
              idle.wake_ups - begin.wake_ups);
  std::printf(
      "one of them dies: %.2f wake-ups of each other one, %.0f ms of CPU in all\n",
      static_cast<double>(after.wake_ups - before.wake_ups) / static_cast<double>(all.size()),
      static_cast<double>(after.ticks - before.ticks) / second * 1000);
  int failures = bus.info().clients.size() != all.size();
  if (failures) std::printf("the death was not noticed\n");
  sync::publisher pub(bus);
  pub.publish(topic("/idle"), "end");
  for (auto& c : all) failures += !c.wait_for(60).empty();
  pub.close();
  const std::string rest = remains(bus);
  std::printf("%s", rest.c_str());
  return failures + !rest.empty();
}

}  // namespace torture
