#include "command/bench/measure.hpp"

#include "support/child.hpp"
#include "support/line_bounce.hpp"
#include "support/machine.hpp"
#include "support/ping_pong.hpp"
#include "support/samples.hpp"
#include "wakeup/contender.hpp"

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <exception>

namespace bench {

std::vector<std::string> back_arguments(const contender& c, int cpu,
                                        const std::vector<std::string>& more)
{
  std::vector<std::string> all{"wakeup", c.name, std::to_string(cpu)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace bench

namespace shmbus::command {
namespace {

using clock = std::chrono::steady_clock;

// On a machine that is busy a round takes longer, and there are fewer of them.
constexpr auto enough_time = std::chrono::milliseconds(4500);
constexpr int fewest_rounds = 3;
constexpr int most_rounds = 9;

void tell(const char* name, const measured& m)
{
  std::printf("%s %.3f %.3f\n", name, m.shmbus, m.floor);
  std::fflush(stdout);
}

measured measure_one_way(int here, int there)
{
  constexpr std::size_t batches = 100, batch_size = 100;
  return {.shmbus = bench::median(bench::ping_pong(here, there, false, batches, batch_size)),
          .floor = bench::median(bench::bounce_line(here, there, batches, batch_size))};
}

double wake(const bench::contender& c, int there)
{
  bench::lap_timer laps(100, 20, 25);
  c.ping(c, there, laps);
  return bench::median(laps.samples()) / 2;
}

// In the environment of this process: by the back end that a program of the user would have.
measured measure_wakeup(int here, int there)
{
  bench::pin_to(here);
  return {.shmbus = wake(bench::shmbus_uring, there),
          .floor = wake(bench::eventfd_coroutines, there)};
}

int answer_wakeups(const std::vector<std::string>& arguments)
{
  bench::pin_to(std::stoi(arguments.at(1)));
  const bool floor = arguments.at(0) == bench::eventfd_coroutines.name;
  const bench::contender& c = floor ? bench::eventfd_coroutines : bench::shmbus_uring;
  return c.back({arguments.begin() + 2, arguments.end()});
}

int run(const std::string& role, const std::vector<std::string>& arguments)
{
  if (role == "measure") return measure_all(arguments);
  if (role == "stream") return receive_stream(arguments);
  if (role == "wakeup") return answer_wakeups(arguments);
  if (role == "line")
    return bench::bounce_line_back(std::stoi(arguments.at(0)), std::stoi(arguments.at(1)));
  if (role == "ping_pong")
    return bench::ping_pong_back(std::stoi(arguments.at(0)), arguments.at(1),
                                 arguments.at(2) == "1");
  throw std::invalid_argument("no such part of a benchmark");
}

}  // namespace

int measure_all(const std::vector<std::string>& arguments)
{
  const int here = std::stoi(arguments.at(0));
  const auto begin = clock::now();
  for (int round = 0;
       round < fewest_rounds || (round < most_rounds && clock::now() - begin < enough_time);
       ++round) {
    tell("cycle", measure_cycle(here));
    tell("wakeup_one_cpu", measure_wakeup(here, here));
    if (arguments.size() < 2) continue;
    const int there = std::stoi(arguments.at(1));
    tell("one_way", measure_one_way(here, there));
    tell("wakeup_two_cpus", measure_wakeup(here, there));
    tell("stream_64", measure_stream(here, there, 64));
    tell("stream_65536", measure_stream(here, there, 65536));
  }
  return 0;
}

int bench_child(const std::vector<std::string>& words)
{
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // they poll: nobody would notice that the other end is gone
  try {
    return run(words.at(0), {words.begin() + 1, words.end()});
  } catch (const std::exception& e) {
    const bool first = words.at(0) == "measure";
    std::fprintf(first ? stdout : stderr, "%s%s\n",
                 first ? bench_failed.data() : "shmbus: ", e.what());
    return 1;
  }
}

}  // namespace shmbus::command
