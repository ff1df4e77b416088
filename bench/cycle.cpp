// What one thread pays: publish, receive and release, and each of them alone.
//
//   build/bench/bench_cycle [--benchmark_filter=REGEX]
//
// The floor is the same work on private memory: copy the payload, store a word, the fence that
// publishing can't do without, load the word; and one clock read where messages have a time.

#include "support/copy_and_fence.hpp"
#include "support/machine.hpp"
#include "support/ratios.hpp"
#include "support/scratch.hpp"
#include <shmbus/sync.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

namespace {

using bench::ratio;
using shmbus::overflow;
using steady_clock = std::chrono::steady_clock;

constexpr std::size_t batch = 200;  // fits into a queue of 256

const bench::scratch_directory scratch;
const shmbus::topic used{"/bench/used"};

shmbus::broker_config config(const char* name)
{
  return {.name = name, .directory = scratch.path(), .max_clients = 2100};
}

struct pair {
  explicit pair(bool timestamps = true, overflow policy = overflow::drop_oldest)
      : publisher(bus, {.timestamps = timestamps}), subscriber(bus, {.overflow = policy})
  {
    subscriber.subscribe("/bench/#");
  }

  shmbus::sync::broker bus{config("pair")};
  shmbus::sync::publisher publisher;
  shmbus::sync::subscriber subscriber;
};

bench::private_slot slot;

void floor_of(benchmark::State& state, bool clock)
{
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  std::uint64_t n = 0;
  for (auto _ : state) {
    if (clock) benchmark::DoNotOptimize(steady_clock::now());
    benchmark::DoNotOptimize(bench::copy_and_fence(slot, payload, ++n));
    benchmark::DoNotOptimize(slot.payload);
    benchmark::ClobberMemory();
  }
}
void floor_plain(benchmark::State& state) { floor_of(state, false); }
void floor_clock(benchmark::State& state) { floor_of(state, true); }
BENCHMARK(floor_plain)->Arg(64)->Arg(1024)->Arg(65536);
BENCHMARK(floor_clock)->Arg(64)->Arg(1024)->Arg(65536);

void run_cycle(benchmark::State& state, bool timestamps, overflow policy)
{
  pair p(timestamps, policy);
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    p.publisher.try_publish(used, payload);
    auto m = p.subscriber.try_receive();
    benchmark::DoNotOptimize(m->payload().data());
  }
}
void cycle(benchmark::State& state) { run_cycle(state, true, overflow::drop_oldest); }
void cycle_no_time(benchmark::State& state) { run_cycle(state, false, overflow::drop_oldest); }
void cycle_drop_newest(benchmark::State& state) { run_cycle(state, false, overflow::drop_newest); }
void cycle_block(benchmark::State& state) { run_cycle(state, false, overflow::block); }
BENCHMARK(cycle)->Arg(64)->Arg(1024)->Arg(65536);
BENCHMARK(cycle_no_time)->Arg(64)->Arg(1024)->Arg(65536);
BENCHMARK(cycle_drop_newest)->Arg(64);
BENCHMARK(cycle_block)->Arg(64);

// What is shared by the threads of one process needs no atomic instruction while there is only one.
void cycle_with_threads(benchmark::State& state)
{
  std::atomic<bool> stop{false};
  std::thread other([&] { stop.wait(false); });
  run_cycle(state, false, overflow::drop_oldest);
  stop = true;
  stop.notify_all();
  other.join();
}

void cycle_loan(benchmark::State& state)
{
  pair p(false);
  for (auto _ : state) {
    auto l = p.publisher.loan(used, static_cast<std::size_t>(state.range(0)));
    benchmark::DoNotOptimize(l.bytes().data());
    p.publisher.try_publish(std::move(l));
    auto m = p.subscriber.try_receive();
    benchmark::DoNotOptimize(m->payload().data());
  }
}
BENCHMARK(cycle_loan)->Arg(64)->Arg(65536);

// Publishes a queue full, then receives it; one of the two is timed. Time is for one message.
void half_a_cycle(benchmark::State& state, bool time_publish)
{
  pair p(false);
  const std::vector<std::byte> payload(64);
  for (auto _ : state) {
    const auto begin = steady_clock::now();
    for (std::size_t i = 0; i != batch; ++i) p.publisher.try_publish(used, payload);
    const auto middle = steady_clock::now();
    for (std::size_t i = 0; i != batch; ++i)
      benchmark::DoNotOptimize(p.subscriber.try_receive()->payload().data());
    const auto end = steady_clock::now();
    const std::chrono::duration<double> taken = time_publish ? middle - begin : end - middle;
    state.SetIterationTime(taken.count() / batch);
  }
}
void publish_200(benchmark::State& state) { half_a_cycle(state, true); }
void receive_200(benchmark::State& state) { half_a_cycle(state, false); }
BENCHMARK(publish_200)->UseManualTime()->Iterations(2000);
BENCHMARK(receive_200)->UseManualTime()->Iterations(2000);

void publish_to_nobody(benchmark::State& state)
{
  shmbus::sync::broker bus{config("nobody")};
  shmbus::sync::publisher publisher{bus, {.timestamps = false}};
  const std::vector<std::byte> payload(64);
  for (auto _ : state) benchmark::DoNotOptimize(publisher.try_publish(used, payload));
}
BENCHMARK(publish_to_nobody);

// Nobody takes anything, so each message pushes the oldest out.
void publish_to_full_queue(benchmark::State& state)
{
  pair p(false);
  const std::vector<std::byte> payload(64);
  for (auto _ : state) benchmark::DoNotOptimize(p.publisher.try_publish(used, payload));
}
BENCHMARK(publish_to_full_queue);

void receive_nothing(benchmark::State& state)
{
  pair p;
  for (auto _ : state) benchmark::DoNotOptimize(p.subscriber.try_receive().has_value());
}
BENCHMARK(receive_nothing);

// The same cycle among so many subscribers of another topic.
void cycle_among(benchmark::State& state)
{
  pair p(false);
  std::deque<shmbus::sync::subscriber> unrelated;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    unrelated.emplace_back(p.bus).subscribe("/elsewhere/" + std::to_string(i));
  const std::vector<std::byte> payload(64);
  for (auto _ : state) {
    p.publisher.try_publish(used, payload);
    auto m = p.subscriber.try_receive();
    benchmark::DoNotOptimize(m->payload().data());
  }
}
BENCHMARK(cycle_among)->Arg(0)->Arg(1000);

void publish_among(benchmark::State& state)
{
  shmbus::sync::broker bus{config("crowd")};
  shmbus::sync::publisher publisher{bus, {.timestamps = false}};
  std::deque<shmbus::sync::subscriber> unrelated;
  for (std::int64_t i = 0; i != state.range(0); ++i)
    unrelated.emplace_back(bus).subscribe("/elsewhere/" + std::to_string(i));
  const std::vector<std::byte> payload(64);
  for (auto _ : state) benchmark::DoNotOptimize(publisher.try_publish(used, payload));
}
BENCHMARK(publish_among)->Arg(0)->Arg(1000);

}  // namespace

int main(int argc, char** argv)
{
  bench::print_machine("one thread on CPU 0");
  bench::pin_to(0);
  const int result = bench::run(argc, argv,
                                {
                                    {"cycle_no_time/64", "floor_plain/64"},
                                    {"cycle_drop_newest/64", "floor_plain/64"},
                                    {"cycle_block/64", "floor_plain/64"},
                                    {"cycle_loan/64", "floor_plain/64"},
                                    {"cycle/64", "floor_clock/64"},
                                    {"cycle_no_time/1024", "floor_plain/1024"},
                                    {"cycle/1024", "floor_clock/1024"},
                                    {"cycle_no_time/65536", "floor_plain/65536"},
                                    {"cycle/65536", "floor_clock/65536"},
                                    {"publish_200", "floor_plain/64"},
                                    {"receive_200", "floor_plain/64"},
                                    {"cycle_among/1000", "cycle_among/0"},
                                    {"publish_among/1000", "publish_among/0"},
                                });
  if (result != 0) return result;
  // Last, and by itself: the C library does not forget that there was a thread.
  benchmark::ClearRegisteredBenchmarks();
  benchmark::RegisterBenchmark("cycle_with_threads", cycle_with_threads)->Arg(64);
  benchmark::RegisterBenchmark("floor_plain", floor_plain)->Arg(64);
  return bench::run(argc, argv, {{"cycle_with_threads/64", "floor_plain/64"}});
}
