// One way between two processes that both poll, each on its CPU: half of a ping-pong of 64 B.
//
//   build/bench/bench_one_way
//
// The floor is two processes that bounce one cache line on the same CPUs, before and after. All in
// turn, several times: a neighbour's noise then hits all alike.

#include "support/line_bounce.hpp"
#include "support/machine.hpp"
#include "support/ping_pong.hpp"
#include "support/samples.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace {

constexpr int here = 0;
constexpr int there = 1;
constexpr int rounds = 9;

struct figure {
  const char* name;
  std::vector<double> medians{};  // one for each round, of batches
  std::vector<double> tails{};    // p99 of single round trips

  void add(const std::vector<double>& batches, const std::vector<double>& singles)
  {
    medians.push_back(bench::median(batches));
    tails.push_back(bench::quantile(singles, 0.99));
  }
  double median() const { return bench::median(medians); }
  // The ratio is the median of those within each round, to the floor just before and just after.
  void print(const figure& before, const figure& after) const
  {
    std::vector<double> ratios;
    for (std::size_t i = 0; i != medians.size(); ++i)
      ratios.push_back(2 * medians[i] / (before.medians[i] + after.medians[i]));
    std::printf("%-28s %9.1f %9.1f %9.1f %9.1f %8.2f\n", name, median(),
                bench::quantile(medians, 0), bench::quantile(medians, 1), bench::median(tails),
                bench::median(ratios));
  }
};

bool noisy(const figure& before, const figure& after)
{
  const double drift = after.median() / before.median();
  const double spread = bench::quantile(before.medians, 1) / bench::quantile(before.medians, 0);
  return drift < 0.9 || drift > 1.1 || spread > 1.3;
}

}  // namespace

int main(int argc, char** argv)
{
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "line" && argc == 4)
    return bench::bounce_line_back(std::stoi(argv[2]), std::stoi(argv[3]));
  if (role == "ping_pong" && argc == 5)
    return bench::ping_pong_back(std::stoi(argv[2]), argv[3], argv[4] == std::string_view("1"));
  if (bench::usable_cpus() < 2) {
    std::puts("needs two CPUs");
    return 77;
  }
  bench::print_machine("one process on CPU 0, one on CPU 1");

  constexpr std::size_t batches = 500, batch = 100, singles = 50'000;
  const auto bounce = [](figure& f) {
    f.add(bench::bounce_line(here, there, batches, batch),
          bench::bounce_line(here, there, singles, 1));
  };
  const auto measure = [](figure& f, bool timestamps) {
    f.add(bench::ping_pong(here, there, timestamps, batches, batch),
          bench::ping_pong(here, there, timestamps, singles, 1));
  };
  figure before{"raw line, before"}, after{"raw line, after"};
  figure plain{"shmbus, without timestamps"}, stamped{"shmbus, with timestamps"};
  for (int i = 0; i != rounds; ++i) {
    bounce(before);
    measure(plain, false);
    measure(stamped, true);
    bounce(after);
  }
  std::printf(
      "one way, ns; median of %d rounds of %zu round trips; p99 of single round trips, whose\n"
      "clock read is in it\n\n",
      rounds, batches * batch);
  std::printf("%-28s %9s %9s %9s %9s %8s\n", "", "median", "least", "most", "p99", "ratio");
  for (const figure* f : {&before, &plain, &stamped, &after}) f->print(before, after);
  if (noisy(before, after))
    std::puts("\nnoisy: the raw line itself is unsteady here; repeat this when the host is quiet");
}
