// Waking a sleeping process: half of a ping-pong in which each end sleeps until the other sends.
//
//   build/bench/bench_wakeup
//
// The floor is Asio's own coroutines with a bare eventfd each way; beside it the same with a pipe, two
// bare futexes, and what a thread costs that follows one for the coroutines. All contenders take turns,
// each time in new processes: a neighbour's noise then hits all alike.

#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/samples.hpp"
#include "wakeup/contender.hpp"

#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <exception>
#include <map>
#include <sstream>
#include <string_view>

namespace bench {

std::vector<std::string> back_arguments(const contender& c, int cpu,
                                        const std::vector<std::string>& more)
{
  std::vector<std::string> all{"back", c.name, std::to_string(cpu)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace bench

namespace {

using bench::contender;

const std::array<const contender*, 7> contenders{
    &bench::eventfd_coroutines, &bench::pipe_coroutines, &bench::shmbus_uring,
    &bench::shmbus_thread,      &bench::futex_thread,    &bench::shmbus_blocking,
    &bench::bare_futex};
constexpr int rounds = 15;
constexpr std::size_t batches = 100;
constexpr std::size_t batch = 100;

const contender& find(std::string_view name)
{
  for (const contender* c : contenders)
    if (c->name == name) return *c;
  throw std::runtime_error("no such contender");
}

long times_slept()
{
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

// One end; prints the median and how often it went to sleep in a round trip.
int ping(const contender& c, int cpu, int back_cpu)
{
  bench::pin_to(cpu);
  bench::lap_timer laps(1000, batches, batch);
  const long before = times_slept();
  c.ping(c, back_cpu, laps);
  std::printf("%f %f\n", bench::median(laps.samples()) / 2,
              static_cast<double>(times_slept() - before) / (1000 + batches * batch));
  return 0;
}

struct figure {
  std::vector<double> medians{};
  double sleeps = 0;
};
using table = std::map<const contender*, figure>;

table measure(int back_cpu)
{
  table result;
  for (int round = 0; round != rounds; ++round) {
    for (const contender* c : contenders) {
      const std::string wakeup = c->environment;
      bench::child one({"ping", c->name, "0", std::to_string(back_cpu)},
                       wakeup.empty() ? std::vector<std::string>{}
                                      : std::vector<std::string>{"SHMBUS_WAKEUP=" + wakeup},
                       true);
      std::istringstream line(one.line());
      double median = 0;
      if (!(line >> median >> result[c].sleeps)) continue;  // not to be had here
      result[c].medians.push_back(median);
      one.wait();
    }
  }
  return result;
}

void print(const char* title, const table& t)
{
  std::printf("%s\n%-28s %9s %9s %9s %8s %8s %8s\n", title, "", "median", "least", "most", "ratio",
              "paired", "sleeps");
  const figure& floor = t.at(&bench::eventfd_coroutines);
  for (const contender* c : contenders) {
    const figure& f = t.at(c);
    if (f.medians.empty()) {
      std::printf("%-28s not available here\n", c->name);
      continue;
    }
    std::vector<double> paired;
    for (std::size_t i = 0; i != f.medians.size(); ++i)
      paired.push_back(f.medians[i] / floor.medians[i]);
    std::printf("%-28s %9.0f %9.0f %9.0f %8.2f %8.2f %8.2f\n", c->name, bench::median(f.medians),
                bench::quantile(f.medians, 0), bench::quantile(f.medians, 1),
                bench::median(f.medians) / bench::median(floor.medians), bench::median(paired),
                f.sleeps);
  }
  std::puts("");
  std::fflush(stdout);
}

int measure_all()
{
  bench::print_machine("both processes on CPU 0; then one on CPU 0, one on CPU 1");
  std::printf(
      "one way, ns; median of %d rounds of %zu round trips; paired: the median of the ratios\n"
      "within each round; sleeps: of one process, in a round trip\n\n",
      rounds, batches * batch);
  print("on one CPU", measure(0));
  if (bench::usable_cpus() > 1) print("on two CPUs", measure(1));
  return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 4 && words[0] == "ping")
      return ping(find(words[1]), std::stoi(words[2]), std::stoi(words[3]));
    if (words.size() >= 3 && words[0] == "back") {
      bench::pin_to(std::stoi(words[2]));
      return find(words[1]).back({words.begin() + 3, words.end()});
    }
    return measure_all();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
