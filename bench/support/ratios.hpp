#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace bench {

/// A figure and the floor it stands beside, by the names of two benchmarks.
struct ratio {
  std::string figure;
  std::string floor;
};

/// Prints medians as Google Benchmark does, and remembers them for a table of ratios.
class ratio_reporter : public benchmark::ConsoleReporter {
public:
  ratio_reporter() : ConsoleReporter(OO_Tabular) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void print(const std::vector<ratio>& ratios) const;

private:
  std::map<std::string, double> medians_;  // nanoseconds
};

/// Runs all benchmarks in random order, several times each, and prints medians and ratios. The
/// usual flags of Google Benchmark override that.
int run(int argc, char** argv, const std::vector<ratio>& ratios);

}  // namespace bench
