#include "demo.hpp"
#include "figures.hpp"
#include <shmbus/shmbus.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace demo {
namespace {

using clock = std::chrono::steady_clock;

class figure_publisher {
public:
  figure_publisher(asio::io_context& context, const std::string& bus_name)
      : bus_(context, {.name = bus_name}), publisher_(bus_), timer_(context)
  {
  }

  asio::awaitable<void> run(std::chrono::seconds duration)
  {
    using namespace std::chrono_literals;
    const shmbus::topic end(end_topic);
    co_await publisher_.async_wait_for_subscribers(end, 2, asio::use_awaitable);

    const auto deadline = clock::now() + duration;
    for (auto next = clock::now(); next < deadline && !stopped_; next += 50ms) {
      co_await wait_until(next);
      for (const auto& f : figures_.read()) co_await publish(f);
    }
    co_await wait_until(deadline);

    // Filled where it will be read: a loan is memory of the bus.
    auto sent = publisher_.loan<end_of_demo>(end);
    *sent = {.matching_everything = all_ + 1, .matching_cpu_loads = cpu_ + 1};
    co_await publisher_.publish(std::move(sent));
  }

  void stop()
  {
    stopped_ = true;
    timer_.cancel();
  }

private:
  asio::awaitable<void> publish(const figure& f)
  {
    std::error_code not_a_topic;  // an interface may be called "*"
    const auto topic = shmbus::topic::parse(f.topic, not_a_topic);
    if (!topic) co_return;
    co_await publisher_.publish(*topic, f.value);
    ++all_;
    if (loads_.matches(f.topic)) ++cpu_;
  }

  asio::awaitable<void> wait_until(clock::time_point t)
  {
    if (stopped_) co_return;
    std::error_code cut_short;
    timer_.expires_at(t);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cut_short));
  }

  shmbus::broker bus_;
  shmbus::publisher publisher_;
  asio::steady_timer timer_;
  host_figures figures_;
  const shmbus::pattern loads_{cpu_loads};
  std::uint64_t all_ = 0;
  std::uint64_t cpu_ = 0;
  bool stopped_ = false;
};

}  // namespace

int publish(const std::string& bus_name, std::chrono::seconds duration)
{
  asio::io_context context;
  figure_publisher publisher(context, bus_name);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code ec, int) {
    if (!ec) publisher.stop();
  });
  asio::co_spawn(context, publisher.run(duration), [&](std::exception_ptr e) {
    signals.cancel();
    if (e) std::rethrow_exception(e);
  });
  context.run();
  return 0;
}

}  // namespace demo
