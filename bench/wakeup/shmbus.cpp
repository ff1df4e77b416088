#include "support/child.hpp"
#include "support/rethrow.hpp"
#include "support/scratch.hpp"
#include "wakeup/contender.hpp"
#include <shmbus/shmbus.hpp>
#include <shmbus/sync.hpp>

#include <asio.hpp>

#include <array>
#include <optional>
#include <string_view>

namespace bench {
namespace {

const shmbus::topic ping_topic{"/bench/ping"};
const shmbus::topic pong_topic{"/bench/pong"};
constexpr std::array<std::byte, 64> payload{};

shmbus::broker_config config(const std::filesystem::path& directory)
{
  return {.name = "wakeup", .directory = directory};
}

asio::awaitable<void> ping_coroutine(shmbus::publisher& pub, shmbus::subscriber& sub,
                                     lap_timer& laps)
{
  co_await pub.async_wait_for_subscribers(ping_topic, 1, asio::use_awaitable);
  while (laps.next()) {
    co_await pub.publish(ping_topic, payload);
    co_await sub.receive();
  }
  co_await pub.publish(ping_topic, std::string_view{});
}

asio::awaitable<void> back_coroutine(shmbus::publisher& pub, shmbus::subscriber& sub)
{
  while (true) {
    const auto m = co_await sub.receive();
    if (m.payload().empty()) co_return;
    co_await pub.publish(pong_topic, payload);
  }
}

void ping(const contender& self, int back_cpu, lap_timer& laps)
{
  const scratch_directory scratch;
  asio::io_context io{1};
  shmbus::broker bus{io, config(scratch.path())};
  shmbus::subscriber sub{bus};
  sub.subscribe(pong_topic.name());
  shmbus::publisher pub{bus, {.timestamps = false}};
  child other(back_arguments(self, back_cpu, {scratch.path().string()}));
  asio::co_spawn(io, ping_coroutine(pub, sub, laps), rethrow);
  io.run();
  other.wait();
}

int back(const std::vector<std::string>& arguments)
{
  asio::io_context io{1};
  shmbus::broker bus{io, config(arguments.at(0))};
  shmbus::publisher pub{bus, {.timestamps = false}};
  shmbus::subscriber sub{bus};
  sub.subscribe(ping_topic.name());
  asio::co_spawn(io, back_coroutine(pub, sub), rethrow);
  io.run();
  return 0;
}

void ping_blocking(const contender& self, int back_cpu, lap_timer& laps)
{
  const scratch_directory scratch;
  shmbus::sync::broker bus{config(scratch.path())};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(pong_topic.name());
  shmbus::sync::publisher pub{bus, {.timestamps = false}};
  child other(back_arguments(self, back_cpu, {scratch.path().string()}));
  pub.wait_for_subscribers(ping_topic, 1);
  while (laps.next()) {
    pub.publish(ping_topic, payload);
    sub.receive();
  }
  pub.publish(ping_topic, std::string_view{});
  other.wait();
}

int back_blocking(const std::vector<std::string>& arguments)
{
  shmbus::sync::broker bus{config(arguments.at(0))};
  shmbus::sync::publisher pub{bus, {.timestamps = false}};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(ping_topic.name());
  while (!sub.receive().payload().empty()) pub.publish(pong_topic, payload);
  return 0;
}

}  // namespace

const contender shmbus_uring{"shmbus coroutines, uring", ping, back, "uring"};
const contender shmbus_thread{"shmbus coroutines, thread", ping, back, "thread"};
const contender shmbus_blocking{"shmbus blocking", ping_blocking, back_blocking};

}  // namespace bench
