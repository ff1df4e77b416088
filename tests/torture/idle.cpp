#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace torture {

using namespace shmbus;
namespace fs = std::filesystem;

namespace {

/// What a process, with all its threads, has had of the machine so far.
struct use {
  std::uint64_t wake_ups = 0;
  std::uint64_t cpu_ns = 0;
};

use used_by(const child& c)
{
  use sum;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(c.pid()) + "/task")) {
    std::ifstream status(thread.path() / "status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("voluntary_ctxt_switches:"))
        sum.wake_ups += std::stoull(line.substr(24));
    // Exact, where stat counts ticks: most wake-ups are much shorter than one.
    std::uint64_t ns = 0;
    std::ifstream(thread.path() / "schedstat") >> ns;
    sum.cpu_ns += ns;
  }
  return sum;
}

std::vector<use> used_by(const std::vector<child>& all)
{
  std::vector<use> each;
  for (const auto& c : all) each.push_back(used_by(c));
  return each;
}

bool has_alarm(const child& c)
{
  std::error_code ec;
  for (const auto& f : fs::directory_iterator("/proc/" + std::to_string(c.pid()) + "/fd"))
    if (fs::read_symlink(f.path(), ec).string().find("inotify") != std::string::npos) return true;
  return false;
}

double ms_of_cpu(const std::vector<use>& from, const std::vector<use>& to)
{
  std::uint64_t ns = 0;
  for (std::size_t i = 0; i != to.size(); ++i) ns += to[i].cpu_ns - from[i].cpu_ns;
  return static_cast<double>(ns) / 1e6;
}

/// How many processes woke up how often.
class distribution {
public:
  void add(std::uint64_t wake_ups) { ++processes_[wake_ups]; }
  bool empty() const { return processes_.empty(); }
  std::string text() const
  {
    std::string t;
    std::uint64_t sum = 0, count = 0;
    for (const auto& [wake_ups, n] : processes_) {
      t += (t.empty() ? "" : ", ") + std::to_string(n) + " x " + std::to_string(wake_ups);
      sum += n * wake_ups;
      count += n;
    }
    char mean[32];
    std::snprintf(mean, sizeof mean, "%.2f each (",
                  static_cast<double>(sum) / static_cast<double>(count));
    return mean + t + ")";
  }

private:
  std::map<std::uint64_t, std::uint64_t> processes_;
};

// Those without an alarm look for the dead once a second, whether anybody dies or not.
void print_wake_ups(const char* what, const std::vector<child>& all, const std::vector<use>& from,
                    const std::vector<use>& to)
{
  distribution alarmed, looking;
  for (std::size_t i = 0; i != all.size(); ++i)
    (has_alarm(all[i]) ? alarmed : looking).add(to[i].wake_ups - from[i].wake_ups);
  if (!alarmed.empty())
    std::printf("%s: wake-ups with an alarm %s\n", what, alarmed.text().c_str());
  if (!looking.empty())
    std::printf("%s: wake-ups without an alarm %s\n", what, looking.text().c_str());
}

bool is_there(const sync::broker& bus, ::pid_t pid)
{
  return std::ranges::any_of(bus.info().clients, [&](const auto& c) { return c.pid == pid; });
}

}  // namespace

// So many processes that wait for a message, and some of them die, one after the other.
int idle_mode(const arguments& a)
{
  const std::uint64_t processes = a.number(0, 1000);
  const std::uint64_t deaths = std::min(a.number(1, 3), processes - 1);
  const std::uint64_t seconds = a.number(2, 10);
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

  const auto begin = used_by(all);
  sleep_us(seconds * 1'000'000);
  const auto end = used_by(all);
  std::printf("%lu processes wait, %td of them without an alarm: %.3f %% of a CPU in all\n",
              processes, std::ranges::count_if(all, [](auto& c) { return !has_alarm(c); }),
              ms_of_cpu(begin, end) / static_cast<double>(seconds) / 10);
  print_wake_ups(("in " + std::to_string(seconds) + " s").c_str(), all, begin, end);

  checks c;
  for (std::uint64_t i = 0; i != deaths; ++i) {
    // The first one died with the turn to look for deaths, perhaps; the others are from anywhere.
    const std::size_t which = i * 7919 % all.size();
    child dying = std::move(all[which]);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
    const ::pid_t pid = dying.pid();
    const auto before = used_by(all);
    dying.kill();
    // As long as anybody may have to do with it: who stands in for another looks a second later.
    sleep_us(3'000'000);
    const auto after = used_by(all);
    std::printf("death %lu: %.1f ms of CPU in all, in 3 s\n", i + 1, ms_of_cpu(before, after));
    print_wake_ups(("death " + std::to_string(i + 1)).c_str(), all, before, after);
    c.expect(!is_there(bus, pid), "a death was not noticed");
  }
  sync::publisher pub(bus);
  pub.publish(topic("/idle"), "end");
  for (auto& one : all) c.expect(one.wait_for(60).empty(), "a process did not end well");
  pub.close();
  c.expect_nothing(remains(bus));
  return c.failures();
}

}  // namespace torture
