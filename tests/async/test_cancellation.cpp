// A cancelled operation did nothing, whenever it was cancelled.
#include "async/fixture.hpp"

#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;
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
