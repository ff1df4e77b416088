// What a waiting subscriber does to the machine: nothing. Counts the context switches of all threads
// of processes that wait, from outside, between two looks.
//
//   build/bench/bench_idle [SECONDS]
//
// The floor is a process in pause().

#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/scratch.hpp"
#include <shmbus/shmbus.hpp>
#include <shmbus/sync.hpp>

#include <asio.hpp>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

struct contender {
  const char* name;
  int subscribers;     // 0: pause()
  const char* wakeup;  // SHMBUS_WAKEUP, or "blocking": no event loop
};
constexpr contender contenders[] = {
    {"floor: pause()", 0, ""},
    {"1 coroutine, uring", 1, "uring"},
    {"1 coroutine, thread", 1, "thread"},
    {"1,000 coroutines, uring", 1000, "uring"},
    {"1,000 coroutines, thread", 1000, "thread"},
    {"1 blocking receive", 1, "blocking"},
};

asio::awaitable<void> receive(shmbus::subscriber& sub) { co_await sub.receive(); }

// Says on standard output when nothing is left but to wait.
int wait_forever(const contender& c, const std::filesystem::path& directory)
{
  const shmbus::broker_config config{.name = "idle", .directory = directory, .max_clients = 4000};
  const auto say_so = [] {
    std::puts("waiting");
    std::fflush(stdout);
  };
  if (c.subscribers == 0) {
    say_so();
    return ::pause();
  }
  if (c.wakeup == std::string("blocking")) {
    shmbus::sync::broker bus{config};
    shmbus::sync::subscriber sub{bus};
    sub.subscribe("/never");
    say_so();
    sub.receive();
    return 0;
  }
  asio::io_context io;
  shmbus::broker bus{io, config};
  std::deque<shmbus::subscriber> subscribers;
  for (int i = 0; i != c.subscribers; ++i) {
    subscribers.emplace_back(bus).subscribe("/never");
    asio::co_spawn(io, receive(subscribers.back()), asio::detached);
  }
  asio::post(io, say_so);
  io.run();
  return 0;
}

struct activity {
  long sleeps = 0;       // voluntary context switches
  long preemptions = 0;  // involuntary ones
  int threads = 0;
  bool all_asleep = true;
};

activity look_at(::pid_t process)
{
  activity sum;
  const auto tasks = "/proc/" + std::to_string(process) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    ++sum.threads;
    std::ifstream status(task.path() / "status");
    for (std::string key, value, rest; status >> key >> value; std::getline(status, rest)) {
      if (key == "State:" && value != "S") sum.all_asleep = false;
      if (key == "voluntary_ctxt_switches:") sum.sleeps += std::stol(value);
      if (key == "nonvoluntary_ctxt_switches:") sum.preemptions += std::stol(value);
    }
  }
  return sum;
}

// Once all its threads sleep, and did so for a while.
activity settled(::pid_t process)
{
  activity before = look_at(process);
  while (true) {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const activity now = look_at(process);
    if (now.all_asleep && now.sleeps == before.sleeps) return now;
    before = now;
  }
}

void measure(int seconds)
{
  const bench::scratch_directory scratch;
  std::deque<bench::child> children;
  for (std::size_t i = 0; i != std::size(contenders); ++i) {
    const std::string wakeup = contenders[i].wakeup;
    children.emplace_back(
        std::vector<std::string>{"wait", std::to_string(i), scratch.path().string()},
        std::vector<std::string>{"SHMBUS_WAKEUP=" + (wakeup == "blocking" ? "" : wakeup)}, true);
    if (children.back().line() != "waiting") std::printf("%s: failed\n", contenders[i].name);
  }
  std::deque<activity> before;
  for (const auto& c : children) before.push_back(settled(c.id()));
  for (std::size_t i = 0; i != children.size(); ++i) before[i] = look_at(children[i].id());
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::printf("context switches of all threads in %d s\n\n%-28s %8s %10s %12s\n", seconds, "",
              "threads", "voluntary", "involuntary");
  for (std::size_t i = 0; i != children.size(); ++i) {
    const activity after = look_at(children[i].id());
    std::printf("%-28s %8d %10ld %12ld\n", contenders[i].name, after.threads,
                after.sleeps - before[i].sleeps, after.preemptions - before[i].preemptions);
  }
}

}  // namespace

int main(int argc, char** argv)
{
  if (argc == 4 && argv[1] == std::string("wait"))
    return wait_forever(contenders[std::stoul(argv[2])], argv[3]);
  bench::print_machine("none");
  measure(argc > 1 ? std::stoi(argv[1]) : 10);
}
