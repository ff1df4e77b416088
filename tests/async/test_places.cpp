// Where operations run and wait, and what is left when one of these places ends.
#include "async/fixture.hpp"

#if __has_include(<asio/any_completion_handler.hpp>)
#include <asio/any_completion_handler.hpp>
#endif
#if __has_include(<asio/bind_immediate_executor.hpp>)
#include <asio/bind_immediate_executor.hpp>
#endif

#include <new>
#include <optional>
#include <thread>

using namespace shmbus;
using namespace asio::experimental::awaitable_operators;
using test::own_bus;

namespace {

const topic where{"/places"};

}  // namespace

TEST_CASE("a publish that loses `publish() || timer` has reached nobody")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus);
  sub.subscribe("/#");
  std::size_t winner = 9;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        const auto first =
            co_await (asio::post(ex, asio::use_awaitable) || pub.publish(where, "x"));
        winner = first.index();
      },
      asio::detached);
  io.run();
  REQUIRE(winner != 9);
  CHECK(sub.try_receive().has_value() == (winner == 1));
}

TEST_CASE("a coroutine that only publishes lets others run")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  int published = 0;
  std::optional<int> published_before;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        for (; published != 1000; ++published) co_await pub.publish(where, "x");
        for (int i = 0; i != 1000; ++i) co_await pub.publish(pub.loan(where, 8));
      },
      asio::detached);
  asio::post(io, [&] { published_before = published; });
  io.run();
  CHECK(published == 1000);
  REQUIRE(published_before.has_value());
  CHECK(*published_before < 1000);
}

TEST_CASE("what a coroutine throws is an error of ours, at once and after a wait")
{
  asio::io_context io;
  broker bus(io, own_bus());
  subscriber sub(bus);
  int errors = 0;
  const auto receive = [&]() -> asio::awaitable<void> {
    try {
      co_await sub.receive();
    } catch (const error& e) {
      errors += e.code() == errc::closed;
    }
  };
  asio::co_spawn(io, receive(), asio::detached);
  io.poll();
  sub.close();
  io.run();
  CHECK(errors == 1);
  asio::co_spawn(io, receive(), asio::detached);
  io.restart();
  io.run();
  CHECK(errors == 2);
}

TEST_CASE("a handler without an executor waits on a subscriber of any executor type")
{
  asio::io_context io;
  const auto receives = [&]<class Executor>(const Executor& executor) {
    basic_broker<Executor> bus(executor, own_bus());
    basic_subscriber<Executor> sub(bus);
    basic_publisher<Executor> pub(bus);
    sub.subscribe("/#");
    std::string got;
    sub.async_receive([&](std::error_code, message m) { got = m.text(); });
    asio::post(io, [&] { pub.try_publish(where, "x"); });
    io.run();
    io.restart();
    return got;
  };
  const auto concrete = io.get_executor();
  const asio::any_io_executor any = concrete;
  using token = asio::use_awaitable_t<>;
  CHECK(receives(concrete) == "x");
  CHECK(receives(any) == "x");
  CHECK(receives(asio::make_strand(concrete)) == "x");
  CHECK(receives(token::executor_with_default<asio::any_io_executor>(any)) == "x");
  CHECK(receives(token::executor_with_default<asio::io_context::executor_type>(concrete)) == "x");
}

TEST_CASE("the context of the bus may end before the one where handlers run")
{
  bool called = false;
  asio::io_context elsewhere;
  const auto handler = [&] {
    return asio::bind_executor(elsewhere.get_executor(),
                               [&](std::error_code, message) { called = true; });
  };
  {
    asio::io_context io;
    broker bus(io, own_bus());
    subscriber waits(bus);
    waits.async_receive(handler());
    elsewhere.poll();  // it waits now
    elsewhere.restart();
    subscriber not_yet(bus);
    not_yet.async_receive(handler());  // stays in the other context's queue
  }
  CHECK_FALSE(called);
}

TEST_CASE("so may a strand of it, which is part of the context")
{
  asio::io_context elsewhere;
  int aborted = 0;
  {
    asio::io_context io;
    broker bus(asio::any_io_executor(asio::make_strand(io)), own_bus());
    subscriber sub(bus);
    subscriber on_home_ground(bus);
    on_home_ground.async_receive([](std::error_code, message) {});
    sub.async_receive(
        asio::bind_executor(elsewhere, [&](std::error_code ec, message) { aborted += !!ec; }));
  }
  elsewhere.run();
  CHECK(aborted == 1);
}

namespace {

template <class T>
struct no_memory {
  using value_type = T;
  no_memory() = default;
  template <class U>
  no_memory(const no_memory<U>&)
  {
  }
  T* allocate(std::size_t) { throw std::bad_alloc(); }
  void deallocate(T*, std::size_t) {}
  friend bool operator==(no_memory, no_memory) { return true; }
};

// Has a cancellation slot, so that memory is needed before anything is sent.
struct without_memory {
  using allocator_type = no_memory<char>;
  using cancellation_slot_type = asio::cancellation_slot;
  allocator_type get_allocator() const { return {}; }
  cancellation_slot_type get_cancellation_slot() const { return signal->slot(); }
  asio::cancellation_signal* signal;
  void operator()(std::error_code, message) const {}
};

}  // namespace

TEST_CASE("a receive that gets no memory is none, and the next one is not busy")
{
  asio::io_context io;
  broker bus(io, own_bus());
  subscriber sub(bus);
  asio::cancellation_signal signal;
  CHECK_THROWS_AS(sub.async_receive(without_memory{&signal}), std::bad_alloc);
  std::error_code ec;
  CHECK_FALSE(sub.try_receive(ec));
  CHECK_FALSE(ec);
}

TEST_CASE("a subscriber in the place of one that was just closed by another thread is woken")
{
  asio::io_context io;
  auto config = own_bus();
  config.max_clients = 2;
  broker bus(io, config);
  publisher pub(bus);
  for (int i = 0; i != 200; ++i) {
    subscriber before(bus);
    before.async_receive([](std::error_code, message) {});
    if (i % 2 != 0) io.poll();
    std::thread closes([&] { before.close(); });
    std::optional<subscriber> after;
    while (!after) {
      std::error_code ec;
      subscriber made(bus, {}, ec);
      if (!ec) after.emplace(std::move(made));
    }
    after->subscribe("/#");
    bool received = false;
    after->async_receive([&](std::error_code ec, message) { received = !ec; });
    io.restart();
    io.poll();
    closes.join();
    pub.try_publish(where, "x");
    io.restart();
    io.run();
    CHECK(received);
  }
}

#if __has_include(<asio/bind_immediate_executor.hpp>)
TEST_CASE("an immediate executor does not take a handler from its own executor")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus);
  sub.subscribe("/#");
  pub.try_publish(where, "x");
  pub.try_publish(where, "y");

  auto strand = asio::make_strand(io);
  bool in_strand = false;
  sub.async_receive(asio::bind_immediate_executor(
      asio::system_executor(), asio::bind_executor(strand, [&](std::error_code, message) {
        in_strand = strand.running_in_this_thread();
      })));
  CHECK_FALSE(in_strand);
  io.run();
  CHECK(in_strand);

  bool at_once = false;
  sub.async_receive(asio::bind_immediate_executor(
      asio::system_executor(), [&](std::error_code, message m) { at_once = m.text() == "y"; }));
  CHECK(at_once);  // who has no executor runs where it asked to run
}
#endif

#if __has_include(<asio/any_completion_handler.hpp>)
TEST_CASE("any_completion_handler hides what waits")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus);
  sub.subscribe("/#");
  auto strand = asio::make_strand(io);
  int received = 0;
  int in_strand = 0;
  const auto receive = [&] {
    sub.async_receive(asio::any_completion_handler<void(std::error_code, message)>(
        asio::bind_executor(strand, [&](std::error_code ec, message) {
          received += !ec;
          in_strand += strand.running_in_this_thread();
        })));
  };
  pub.try_publish(where, "x");
  receive();
  CHECK(received == 0);
  io.run();
  CHECK(received == 1);
  receive();  // waits
  io.restart();
  io.poll();
  pub.try_publish(where, "y");
  io.run();
  CHECK(received == 2);
  receive();
  io.restart();
  io.poll();
  sub.close();
  io.run();
  CHECK(in_strand == 3);
}
#endif
