#include "demo.hpp"
#include "latency.hpp"
#include "view.hpp"
#include <shmbus/shmbus.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <csignal>
#include <exception>

namespace demo {
namespace {

struct outcome {
  std::uint64_t received = 0;
  std::uint64_t expected = 0;
  latency latencies;
};

asio::awaitable<void> receive(shmbus::subscriber& subscriber, bool all, view& shown, outcome& out)
{
  for (;;) {
    const shmbus::message m = co_await subscriber.receive();
    ++out.received;
    out.latencies.add(std::chrono::steady_clock::now() - m.sent_at());
    if (m.topic() == end_topic) {
      const auto& end = m.as<end_of_demo>();
      out.expected = all ? end.matching_everything : end.matching_cpu_loads;
      co_return;
    }
    shown.show(m, out.received, subscriber.lost());
  }
}

}  // namespace

int watch(const std::string& bus_name, const std::string& pattern, int row)
{
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C is for the publisher, which then announces the end

  asio::io_context context;
  shmbus::broker bus(context, {.name = bus_name});
  // Room for seconds of messages, for when this machine has other things to do.
  shmbus::subscriber subscriber(bus, {.queue_capacity = 16384});
  subscriber.subscribe(pattern);
  subscriber.subscribe(end_topic);  // last, since the publisher waits for it

  view shown(pattern, row);
  outcome out;
  asio::co_spawn(context, receive(subscriber, pattern == everything, shown, out),
                 [](std::exception_ptr e) {
                   if (e) std::rethrow_exception(e);
                 });
  context.run();

  shown.show_result(std::to_string(out.received) + " of " + std::to_string(out.expected) + ", " +
                    std::to_string(subscriber.lost()) + " lost, latency p50 " +
                    readable(out.latencies.percentile(0.5)) + ", p99 " +
                    readable(out.latencies.percentile(0.99)));
  return out.received == out.expected && subscriber.lost() == 0 ? 0 : 1;
}

}  // namespace demo
