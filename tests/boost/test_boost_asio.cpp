// The same installed library with Boost's Asio: only the headers are compiled for it.
#define SHMBUS_USE_BOOST_ASIO

#include "shmbus/shmbus.hpp"
#include "test.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> publish_some(shmbus::publisher& pub, int count)
{
  const shmbus::topic topic{"/boost/topic"};
  for (int i = 0; i < count; ++i) co_await pub.publish(topic, std::to_string(i));
}

asio::awaitable<void> receive_some(shmbus::subscriber& sub, int count,
                                   std::vector<std::string>& got)
{
  for (int i = 0; i < count; ++i) {
    const shmbus::message m = co_await sub.receive();
    got.emplace_back(m.text());
  }
}

asio::awaitable<std::size_t> receive_or_time_out(shmbus::subscriber& sub)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  const auto first = co_await (sub.receive() || timer.async_wait(asio::use_awaitable));
  co_return first.index();
}

}  // namespace

TEST_CASE("Boost.Asio: coroutines publish under back-pressure and receive in order")
{
  asio::io_context io;
  shmbus::broker bus{io, {.name = "boost-order"}};
  shmbus::subscriber sub{bus, {.queue_capacity = 2, .overflow = shmbus::overflow::block}};
  sub.subscribe("/boost/#");
  shmbus::publisher pub{bus};
  std::vector<std::string> got;
  asio::co_spawn(io, receive_some(sub, 100, got), asio::detached);
  asio::co_spawn(io, publish_some(pub, 100), asio::detached);
  io.run();
  REQUIRE(got.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(got[static_cast<std::size_t>(i)] == std::to_string(i));
}

TEST_CASE("Boost.Asio: a receive that loses against a timer leaves the message")
{
  asio::io_context io;
  shmbus::broker bus{io, {.name = "boost-race"}};
  shmbus::subscriber sub{bus};
  sub.subscribe("/boost/#");
  auto winner = asio::co_spawn(io, receive_or_time_out(sub), asio::use_future);
  io.run();
  CHECK(winner.get() == 1);
  shmbus::publisher pub{bus};
  pub.try_publish(shmbus::topic{"/boost/late"}, "late");
  const auto m = sub.try_receive();
  REQUIRE(m);
  CHECK(m->text() == "late");
}

TEST_CASE("Boost.Asio: errors arrive as Boost's error codes of this library's category")
{
  asio::io_context io;
  shmbus::broker bus{io, {.name = "boost-errors"}};
  shmbus::subscriber sub{bus};
  boost::system::error_code seen;
  sub.async_receive([&](boost::system::error_code ec, shmbus::message) { seen = ec; });
  sub.close();
  io.run();
  CHECK(static_cast<std::error_code>(seen) == shmbus::errc::closed);
}
