#include "support/ratios.hpp"

#include <algorithm>
#include <cstdio>

namespace bench {

void ratio_reporter::ReportRuns(const std::vector<Run>& runs)
{
  for (const Run& r : runs)
    if (r.aggregate_name == "median") medians_[r.run_name.str()] = r.GetAdjustedRealTime();
  ConsoleReporter::ReportRuns(runs);
}

void ratio_reporter::print(const std::vector<ratio>& ratios) const
{
  std::printf("\n%-44s %10s  %-32s %10s %7s\n", "figure", "ns", "floor", "ns", "ratio");
  for (const ratio& r : ratios) {
    const auto figure = medians_.find(r.figure);
    const auto floor = medians_.find(r.floor);
    if (figure == medians_.end() || floor == medians_.end()) continue;  // filtered out
    std::printf("%-44s %10.1f  %-32s %10.1f %7.2f\n", r.figure.c_str(), figure->second,
                r.floor.c_str(), floor->second, figure->second / floor->second);
  }
}

int run(int argc, char** argv, const std::vector<ratio>& ratios)
{
  std::vector<std::string> flags{
      argv[0],
      "--benchmark_repetitions=9",
      "--benchmark_min_time=0.05",
      "--benchmark_report_aggregates_only=true",
      "--benchmark_enable_random_interleaving=true",
  };
  flags.insert(flags.end(), argv + 1, argv + argc);
  std::vector<char*> pointers;
  for (auto& flag : flags) pointers.push_back(flag.data());
  int count = static_cast<int>(pointers.size());
  benchmark::Initialize(&count, pointers.data());
  if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;
  ratio_reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print(ratios);
  return 0;
}

}  // namespace bench
