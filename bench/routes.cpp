// How a topic finds its subscribers: the patterns' tree, which a publisher asks once for each topic, and
// what it has remembered of that.
//
//   build/bench/bench_routes [--benchmark_filter=REGEX]

#include "core/pattern_trie.hpp"
#include "support/ratios.hpp"
#include "support/scratch.hpp"
#include <shmbus/sync.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using shmbus::core::pattern_trie;

// As in a plant: names of machines and signals, with stars in between, and everything of a machine.
pattern_trie patterns(std::int64_t count)
{
  pattern_trie made;
  for (std::uint32_t i = 0; i != static_cast<std::uint32_t>(count); ++i) {
    const std::string machine = "/plant/machine-" + std::to_string(i / 4);
    const std::string pattern[] = {machine + "/temperature", machine + "/*/limit", machine + "/#",
                                   "/plant/*/signal-" + std::to_string(i)};
    made.insert(pattern[i % 4], i);
  }
  return made;
}

void match(benchmark::State& state, const char* topic)
{
  const pattern_trie all = patterns(state.range(0));
  std::vector<std::uint32_t> found;
  for (auto _ : state) {
    found.clear();
    all.match(topic, found);
    benchmark::DoNotOptimize(found.data());
  }
}
void match_some(benchmark::State& state) { match(state, "/plant/machine-1/temperature"); }
void match_none(benchmark::State& state) { match(state, "/elsewhere/machine-1/temperature"); }
BENCHMARK(match_some)->Arg(10)->Arg(10'000);
BENCHMARK(match_none)->Arg(10)->Arg(10'000);

const bench::scratch_directory scratch;

// To nobody, so that finding that out is all there is to do.
void publish(benchmark::State& state, bool seen_before)
{
  shmbus::sync::broker bus{{.name = "routes", .directory = scratch.path()}};
  shmbus::sync::publisher publisher(bus, {.timestamps = false});
  std::vector<shmbus::topic> topics;
  for (int i = 0; i != 1000; ++i) topics.emplace_back("/routes/topic-" + std::to_string(i));
  for (const auto& t : topics) publisher.try_publish(t, "x");
  std::size_t n = 0;
  for (auto _ : state) {
    if (!seen_before && n % topics.size() == 0) {
      state.PauseTiming();
      shmbus::sync::subscriber(bus).subscribe("/another");  // all is to be looked up anew
      state.ResumeTiming();
    }
    publisher.try_publish(topics[n++ % topics.size()], "x");
  }
}
void route_hit(benchmark::State& state) { publish(state, true); }
void route_miss(benchmark::State& state) { publish(state, false); }
BENCHMARK(route_hit);
BENCHMARK(route_miss);

}  // namespace

int main(int argc, char** argv)
{
  return bench::run(argc, argv,
                    {{"match_some/10000", "match_some/10"},
                     {"match_none/10000", "match_none/10"},
                     {"route_miss", "route_hit"}});
}
