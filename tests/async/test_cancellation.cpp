// A cancelled operation did nothing, whenever it was cancelled.
#include "async/fixture.hpp"

#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::own_bus;

namespace {

const topic where{"/t"};

struct cancelled_receive {
  explicit cancelled_receive(asio::io_context& io) : bus(io, own_bus()), pub(bus), sub(bus)
  {
    sub.subscribe("/t");
  }
  void start()
  {
    sub.async_receive(
        asio::bind_cancellation_slot(signal.slot(), [this](std::error_code ec, message m) {
          result = ec;
          got = m.text();
          completed = true;
        }));
  }
  // Either it was cancelled and the message is still there, or it has it.
  void expect_message_once()
  {
    CHECK(completed);
    const auto left = sub.try_receive();
    if (result == asio::error::operation_aborted) {
      REQUIRE(left);
      CHECK(left->text() == "x");
    } else {
      CHECK_FALSE(result);
      CHECK(got == "x");
      CHECK_FALSE(left);
    }
  }

  broker bus;
  publisher pub;
  subscriber sub;
  asio::cancellation_signal signal;
  std::error_code result;
  std::string got;
  bool completed = false;
};

std::uint64_t rounds(std::uint64_t short_run)
{
  const char* text = std::getenv("SHMBUS_TEST_ROUNDS");
  return text ? std::strtoull(text, nullptr, 10) : short_run;
}

// Receives until the message `last`; each receive races a timer. Whatever is lost or comes twice
// breaks the count.
asio::awaitable<void> race_the_timer(subscriber& sub, std::uint64_t last, bool with_deferred,
                                     std::uint64_t& wins)
{
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::uint64_t next = 0;
  while (next != last) {
    timer.expires_after(50us);
    std::optional<message> got;
    if (with_deferred) {
      auto first = co_await (sub.async_receive(test::deferred)(asio::use_awaitable) ||
                             timer.async_wait(asio::use_awaitable));
      if (first.index() == 0) got = std::move(std::get<0>(first));
    } else {
      auto first = co_await (sub.receive() || timer.async_wait(asio::use_awaitable));
      if (first.index() == 0) got = std::move(std::get<0>(first));
    }
    if (!got) continue;
    const auto n = got->as<std::uint64_t>();
    CHECK(n == next);
    next = n + 1;
    ++wins;
  }
}

void race(bool strand, bool with_deferred, std::uint64_t count)
{
  asio::io_context io;
  broker bus(io, own_bus());
  subscriber sub(bus, {.queue_capacity = 4096, .overflow = overflow::block});
  sub.subscribe("/t");
  std::uint64_t wins = 0;
  const asio::any_io_executor where_it_runs =
      strand ? asio::any_io_executor(asio::make_strand(io)) : io.get_executor();
  asio::co_spawn(where_it_runs, race_the_timer(sub, count, with_deferred, wins),
                 [](std::exception_ptr e) { CHECK_FALSE(e); });
  std::thread publishing([&] {
    asio::io_context own;
    broker mine(own, {.name = bus.config().name, .adopt = true});
    publisher pub(mine);
    std::uint64_t i = 0;
    while (i != count) {
      std::error_code ec;
      pub.try_publish(where, i, ec);
      if (!ec) ++i;
      if (i % 3 == 0) std::this_thread::sleep_for(40us);  // so that either side may win
    }
  });
  std::vector<std::thread> more;
  for (int i = 0; strand && i < 3; ++i) more.emplace_back([&] { io.run(); });
  io.run();
  for (auto& t : more) t.join();
  publishing.join();
  CHECK(wins == count);
  CHECK_FALSE(sub.try_receive());
}

}  // namespace

TEST_CASE("a receive cancelled before it starts takes nothing")
{
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    asio::io_context io;
    cancelled_receive c(io);
    c.pub.try_publish(where, "x");
    c.start();
    c.signal.emit(type);
    CHECK_FALSE(c.completed);
    io.run();
    CHECK(c.result == asio::error::operation_aborted);
    c.expect_message_once();
  }
}

TEST_CASE("a receive cancelled while it waits takes nothing")
{
  asio::io_context io;
  cancelled_receive c(io);
  c.start();
  io.poll();
  c.signal.emit(asio::cancellation_type::total);
  CHECK_FALSE(c.completed);
  io.run();
  CHECK(c.result == asio::error::operation_aborted);
  c.pub.try_publish(where, "x");
  c.expect_message_once();
}

TEST_CASE("a receive cancelled after the bell rang takes the message or leaves it")
{
  asio::io_context io;
  cancelled_receive c(io);
  c.start();
  io.poll();
  c.pub.try_publish(where, "x");  // rings
  c.signal.emit(asio::cancellation_type::terminal);
  io.run();
  c.expect_message_once();
}

TEST_CASE("a publish that is cancelled reached nobody")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus, {.queue_capacity = 1, .overflow = overflow::block});
  subscriber other(bus);
  sub.subscribe("/t");
  other.subscribe("/t");
  pub.try_publish(where, "first");
  asio::cancellation_signal signal;
  std::error_code result;
  pub.async_publish(where, "second",
                    asio::bind_cancellation_slot(
                        signal.slot(), [&](std::error_code ec, std::size_t) { result = ec; }));
  io.poll();
  signal.emit(asio::cancellation_type::terminal);
  io.run();
  CHECK(result == asio::error::operation_aborted);
  CHECK(other.try_receive()->text() == "first");
  CHECK_FALSE(other.try_receive());
}

TEST_CASE("publishes that wait complete in the order in which they came")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus, {.queue_capacity = 1, .overflow = overflow::block});
  sub.subscribe("/t");
  std::vector<int> order;
  const std::vector<std::string> texts = {"0", "1", "2", "3", "4"};
  for (int i = 0; i < 5; ++i)
    pub.async_publish(where, texts[static_cast<std::size_t>(i)],
                      [&, i](std::error_code ec, std::size_t) {
                        CHECK_FALSE(ec);
                        order.push_back(i);
                      });
  asio::co_spawn(
      io,
      [](subscriber& s) -> asio::awaitable<void> {
        for (int i = 0; i < 5; ++i) CHECK((co_await s.receive()).text() == std::to_string(i));
      }(sub),
      asio::detached);
  io.run();
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("receive() || timer loses nothing and doubles nothing, on one thread")
{
  race(false, false, rounds(3000));
  race(false, true, rounds(3000));
}

TEST_CASE("receive() || timer loses nothing and doubles nothing, on a strand of four threads")
{
  race(true, false, rounds(3000));
  race(true, true, rounds(3000));
}

#if __has_include(<asio/cancel_after.hpp>)
TEST_CASE("cancel_after ends a receive that takes too long")
{
  asio::io_context io;
  cancelled_receive c(io);
  c.sub.async_receive(asio::cancel_after(1ms, [&](std::error_code ec, message) {
    c.result = ec;
    c.completed = true;
  }));
  io.run();
  CHECK(c.result == asio::error::operation_aborted);
  c.pub.try_publish(where, "x");
  c.expect_message_once();
}
#endif
