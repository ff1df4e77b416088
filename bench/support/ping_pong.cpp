#include "support/ping_pong.hpp"

#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/samples.hpp"
#include "support/scratch.hpp"
#include <shmbus/sync.hpp>

#include <array>
#include <string_view>

namespace bench {
namespace {

const shmbus::topic ping{"/bench/ping"};
const shmbus::topic pong{"/bench/pong"};

shmbus::message poll(shmbus::sync::subscriber& sub)
{
  while (true)
    if (auto m = sub.try_receive()) return std::move(*m);
}

}  // namespace

int ping_pong_back(int cpu, const std::string& directory, bool timestamps)
{
  pin_to(cpu);
  shmbus::sync::broker bus{{.name = "ping_pong", .directory = directory}};
  shmbus::sync::publisher pub{bus, {.timestamps = timestamps}};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(ping.name());
  std::array<std::byte, 64> payload{};
  while (!poll(sub).payload().empty()) pub.try_publish(pong, payload);
  return 0;
}

std::vector<double> ping_pong(int here, int there, bool timestamps, std::size_t batches,
                              std::size_t batch_size)
{
  pin_to(here);
  const scratch_directory scratch;
  shmbus::sync::broker bus{{.name = "ping_pong", .directory = scratch.path()}};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(pong.name());
  shmbus::sync::publisher pub{bus, {.timestamps = timestamps}};
  child back({"ping_pong", std::to_string(there), scratch.path().string(), timestamps ? "1" : "0"});
  pub.wait_for_subscribers(ping, 1);
  std::array<std::byte, 64> payload{};
  lap_timer laps(10'000, batches, batch_size);
  while (laps.next()) {
    pub.try_publish(ping, payload);
    poll(sub);
  }
  pub.try_publish(ping, std::string_view{});
  back.wait();
  std::vector<double> one_way = laps.samples();
  for (double& ns : one_way) ns /= 2;
  return one_way;
}

}  // namespace bench
