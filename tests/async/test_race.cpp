// receive() || timer, over and over: whoever wins, each message comes once, in order, and none is lost.
// The publisher is another process. SHMBUS_TEST_ROUNDS=1000000 makes it the long run.
#include "async/fixture.hpp"
#include "peer_process.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::own_bus;

namespace {

std::uint64_t rounds()
{
  const char* text = std::getenv("SHMBUS_TEST_ROUNDS");
  return text ? std::strtoull(text, nullptr, 10) : 3000;
}

enum class form { receive, deferred };

struct racers {
  std::uint64_t messages = 0;
  std::uint64_t timeouts = 0;
};

// Until all messages are there.
asio::awaitable<void> race_the_timer(subscriber& sub, form f, racers& won)
{
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const std::uint64_t last = rounds();
  while (won.messages != last) {
    timer.expires_after(50us);
    message got;
    if (f == form::deferred) {
      auto first = co_await (sub.async_receive(test::deferred)(asio::use_awaitable) ||
                             timer.async_wait(asio::use_awaitable));
      if (first.index() == 0) got = std::move(std::get<0>(first));
    } else {
      auto first = co_await (sub.receive() || timer.async_wait(asio::use_awaitable));
      if (first.index() == 0) got = std::move(std::get<0>(first));
    }
    if (got.empty()) {
      ++won.timeouts;
      continue;
    }
    const auto n = got.as<std::uint64_t>();
    if (n != won.messages) throw std::runtime_error(std::to_string(n) + " came, not the next one");
    ++won.messages;
  }
}

void race(form f, int threads)
{
  asio::io_context io;
  broker bus(io, own_bus());
  // A short queue: the timer wins only where nothing is left from before a pause.
  subscriber sub(bus, {.queue_capacity = 4, .overflow = overflow::block});
  sub.subscribe("/t");
  test::peer_process publisher{"trickle", bus.config().name, "/t", std::to_string(rounds())};
  racers won;
  std::string problem;
  const asio::any_io_executor executor =
      threads > 1 ? asio::any_io_executor(asio::make_strand(io)) : io.get_executor();
  asio::co_spawn(executor, race_the_timer(sub, f, won), [&](std::exception_ptr e) {
    try {
      if (e) std::rethrow_exception(e);
    } catch (const std::exception& x) {
      problem = x.what();
      bus.close();
    }
  });
  std::vector<std::thread> more;
  for (int i = 1; i < threads; ++i) more.emplace_back([&] { io.run(); });
  io.run();
  for (auto& t : more) t.join();
  CHECK(problem == "");
  CHECK(won.messages == rounds());
  CHECK(won.timeouts != 0);
  CHECK(sub.lost() == 0);
  if (problem.empty()) {
    CHECK(publisher.wait() == 0);
    CHECK_FALSE(sub.try_receive());
  }
}

}  // namespace

TEST_CASE("receive() || timer loses nothing and doubles nothing, on one thread")
{
  race(form::receive, 1);
}

TEST_CASE("deferred || timer loses nothing and doubles nothing, on one thread")
{
  race(form::deferred, 1);
}

TEST_CASE("receive() || timer loses nothing and doubles nothing, on a strand of four threads")
{
  race(form::receive, 4);
}

TEST_CASE("deferred || timer loses nothing and doubles nothing, on a strand of four threads")
{
  race(form::deferred, 4);
}
