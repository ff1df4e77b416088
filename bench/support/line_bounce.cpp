#include "support/line_bounce.hpp"

#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/samples.hpp"
#include "support/scratch.hpp"

#include <atomic>
#include <cstdint>

namespace bench {
namespace {

constexpr std::uint64_t stop = ~std::uint64_t{0};

// Odd: on its way there; even: back here.
struct line {
  alignas(64) std::atomic<std::uint64_t> word;
};

}  // namespace

std::vector<double> bounce_line(int here, int there, std::size_t batches, std::size_t batch_size)
{
  pin_to(here);
  shared_object<line> shared;
  child back({"line", std::to_string(there), shared.descriptor()});
  lap_timer laps(10'000, batches, batch_size);
  for (std::uint64_t n = 1; laps.next(); n += 2) {
    shared->word.store(n, std::memory_order_release);
    while (shared->word.load(std::memory_order_acquire) != n + 1) {
    }
  }
  shared->word.store(stop, std::memory_order_release);
  back.wait();
  std::vector<double> one_way = laps.samples();
  for (double& ns : one_way) ns /= 2;
  return one_way;
}

int bounce_line_back(int cpu, int descriptor)
{
  pin_to(cpu);
  const shared_object<line> shared(descriptor);
  while (true) {
    const std::uint64_t n = shared->word.load(std::memory_order_acquire);
    if (n == stop) return 0;
    if (n % 2 == 1) shared->word.store(n + 1, std::memory_order_release);
  }
}

}  // namespace bench
