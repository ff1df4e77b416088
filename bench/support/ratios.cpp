#include "support/ratios.hpp"

#include <algorithm>
#include <cstdio>

namespace bench {

namespace {

// As it was registered: without what Google Benchmark adds for fixed iterations and manual time.
std::string plain(std::string name) { return name.substr(0, name.find("/iterations:")); }

}  // namespace

// Without its own description of the machine: print_machine() says more.
bool ratio_reporter::ReportContext(const Context& context)
{
  name_field_width_ = context.name_field_width;
  printed_header_ = false;
  return true;
}

void ratio_reporter::ReportRuns(const std::vector<Run>& runs)
{
  std::vector<Run> medians;
  for (Run r : runs) {
    if (r.aggregate_name != "median") continue;
    const std::string name = plain(r.run_name.str());
    r.run_name = {};
    r.run_name.function_name = name;
    medians_[name] = r.GetAdjustedRealTime();
    medians.push_back(r);
  }
  if (!medians.empty()) ConsoleReporter::ReportRuns(medians);
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
