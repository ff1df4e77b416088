#include "command/bench/measure.hpp"
#include "shmbus/sync.hpp"
#include "support/copy_and_fence.hpp"
#include "support/machine.hpp"
#include "support/samples.hpp"
#include "support/scratch.hpp"

#include <span>
#include <vector>

namespace shmbus::command {
namespace {

constexpr std::size_t warm_up = 20'000;
constexpr std::size_t batches = 200;
constexpr std::size_t batch_size = 1000;

// The compiler has to believe that somebody looks at it.
void keep(const void* p) noexcept { asm volatile("" : : "r"(p) : "memory"); }

double floor_of_cycle(std::span<const std::byte> payload)
{
  bench::private_slot slot;
  std::uint64_t n = 0;
  bench::lap_timer laps(warm_up, batches, batch_size);
  while (laps.next()) {
    n = bench::copy_and_fence(slot, payload, n + 1);
    keep(&slot);
  }
  return bench::median(laps.samples());
}

}  // namespace

measured measure_cycle(int cpu)
{
  bench::pin_to(cpu);
  const bench::scratch_directory scratch;
  const topic used{"/bench/used"};
  sync::broker bus{{.name = "cycle", .directory = scratch.path()}};
  sync::publisher pub{bus, {.timestamps = false}};
  sync::subscriber sub{bus};
  sub.subscribe("/bench/#");
  const std::vector<std::byte> payload(64);
  bench::lap_timer laps(warm_up, batches, batch_size);
  while (laps.next()) {
    pub.try_publish(used, payload);
    const auto m = sub.try_receive();
    keep(m->payload().data());
  }
  return {.shmbus = bench::median(laps.samples()), .floor = floor_of_cycle(payload)};
}

}  // namespace shmbus::command
