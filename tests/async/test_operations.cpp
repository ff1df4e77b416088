// Each operation with each kind of completion token, on each kind of context.
#include "async/fixture.hpp"

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::own_bus;

namespace {

const topic where{"/async/topic"};

/// A bus with a subscriber and one that exerts back-pressure.
struct bench {
  template <class Executor>
  explicit bench(const Executor& executor)
      : bus(executor, own_bus()),
        pub(bus),
        sub(bus),
        slow(bus, {.queue_capacity = 1, .overflow = overflow::block})
  {
    sub.subscribe("/async/#");
    slow.subscribe("/slow");
  }

  broker bus;
  publisher pub;
  subscriber sub;
  subscriber slow;
  std::vector<message> batch = std::vector<message>(4);
};

const topic slow_topic{"/slow"};

// Runs a context on `threads` threads until nothing is left to do.
void run(asio::io_context& io, int threads)
{
  std::vector<std::thread> more;
  for (int i = 1; i < threads; ++i) more.emplace_back([&] { io.run(); });
  io.run();
  for (auto& t : more) t.join();
}

// Starts each operation with `token`, which makes `done` count when it completes without an error.
template <class MakeToken>
void with_each_operation(bench& b, MakeToken make_token)
{
  b.sub.async_receive(make_token("receive"));
  b.pub.try_publish(where, "1");
  b.slow.async_receive_batch(b.batch, make_token("batch"));
  b.pub.try_publish(slow_topic, "2");
}

template <class Function>
struct counting {
  std::atomic<int>& done;
  std::thread::id initiator;
  bool* initiating;
  Function check;

  template <class... Results>
  void operator()(std::error_code ec, Results&&... results)
  {
    CHECK_FALSE(ec);
    if (std::this_thread::get_id() == initiator) CHECK_FALSE(*initiating);
    check(std::forward<Results>(results)...);
    ++done;
  }
};
template <class Function>
counting(std::atomic<int>&, std::thread::id, bool*, Function) -> counting<Function>;

asio::awaitable<void> use_everything(bench& b, int& done)
{
  b.pub.try_publish(where, "1");
  CHECK((co_await b.sub.receive()).text() == "1");
  b.pub.try_publish(where, "2");
  CHECK((co_await b.sub.async_receive(asio::use_awaitable)).text() == "2");
  b.pub.try_publish(where, "3");
  CHECK((co_await b.sub.async_receive(test::deferred)(asio::use_awaitable)).text() == "3");
  b.pub.try_publish(where, "4");
  auto [ec, m] = co_await b.sub.async_receive(test::as_tuple(asio::use_awaitable));
  CHECK_FALSE(ec);
  CHECK(m.text() == "4");
  b.pub.try_publish(where, "5");
  co_await b.sub.async_wait(asio::use_awaitable);
  CHECK((co_await b.sub.receive_batch(8)).size() == 1);
  CHECK(co_await b.pub.async_wait_for_subscribers(where, 1, asio::use_awaitable) == 1);
  std::error_code error;
  b.sub.unsubscribe("/async/#");
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await (b.sub.receive() || timer.async_wait(asio::redirect_error(asio::use_awaitable, error)));
  CHECK_FALSE(error);
  b.sub.subscribe("/async/#");
  b.pub.try_publish(where, "6");
  CHECK((co_await b.sub.receive()).text() == "6");
  CHECK(co_await b.pub.publish(where, "7") == 1);
  CHECK(co_await b.pub.async_publish(where, "8", asio::use_awaitable) == 1);
  CHECK(co_await b.pub.publish(b.pub.loan<int>(where)) == 1);
  CHECK((co_await b.sub.receive_batch(8)).size() == 3);
  std::array<message, 4> room;
  for (int i = 0; i != 6; ++i) b.pub.try_publish(where, i);
  CHECK(co_await b.sub.receive_batch(room) == 4);
  CHECK(b.sub.try_receive_batch(room) == 2);
  CHECK(room[1].as<int>() == 5);
  CHECK(room[2].empty());
  CHECK(b.sub.try_receive_batch(room) == 0);
  ++done;
}

asio::awaitable<void> publish_slowly(bench& b, int count, int& done)
{
  for (int i = 0; i < count; ++i) CHECK(co_await b.pub.publish(slow_topic, i) == 1);
  ++done;
}

asio::awaitable<void> receive_slowly(bench& b, int count, int& done)
{
  for (int i = 0; i < count; ++i) CHECK((co_await b.slow.receive()).as<int>() == i);
  CHECK(b.slow.lost() == 0);
  ++done;
}

}  // namespace

TEST_CASE("coroutines: every operation, on one thread")
{
  asio::io_context io;
  bench b(io.get_executor());
  int done = 0;
  asio::co_spawn(io, use_everything(b, done), asio::detached);
  run(io, 1);
  CHECK(done == 1);
}

TEST_CASE("coroutines: every operation, on a strand of four threads and on a thread pool")
{
  asio::io_context io;
  bench b(io.get_executor());
  int done = 0;
  asio::co_spawn(asio::make_strand(io), use_everything(b, done), asio::detached);
  run(io, 4);
  CHECK(done == 1);

  asio::thread_pool pool(4);
  bench p(pool.get_executor());
  asio::co_spawn(asio::make_strand(pool), use_everything(p, done), asio::detached);
  pool.join();
  CHECK(done == 2);
}

TEST_CASE("coroutines: publishing under back-pressure, with each number of threads")
{
  for (const int threads : {1, 4}) {
    asio::io_context io;
    bench b(io.get_executor());
    int sent = 0;
    int received = 0;
    asio::co_spawn(asio::make_strand(io), publish_slowly(b, 2000, sent), asio::detached);
    asio::co_spawn(asio::make_strand(io), receive_slowly(b, 2000, received), asio::detached);
    run(io, threads);
    CHECK(sent == 1);
    CHECK(received == 1);
  }
}

TEST_CASE("callbacks: called once, on the context, never inside the initiating call")
{
  for (const int threads : {1, 4}) {
    asio::io_context io;
    bench b(io.get_executor());
    std::atomic<int> done{0};
    bool initiating = true;
    with_each_operation(b, [&](const char*) {
      return counting{done, std::this_thread::get_id(), &initiating, [](auto&&...) {}};
    });
    initiating = false;
    run(io, threads);
    CHECK(done == 2);
  }
}

TEST_CASE("futures: every operation gives its result or throws")
{
  asio::thread_pool pool(1);
  bench b(pool.get_executor());
  auto received = b.sub.async_receive(asio::use_future);
  CHECK(b.pub.async_publish(where, "hello", asio::use_future).get() == 1);
  CHECK(received.get().text() == "hello");
  CHECK(b.pub.async_wait_for_subscribers(where, 1, asio::use_future).get() == 1);
  auto pending = b.sub.async_receive(asio::use_future);
  b.sub.close();
  CHECK_THROWS_AS(pending.get(), std::system_error);
}

TEST_CASE("a handler may be move-only, and runs where it is bound to run")
{
  asio::io_context io;
  asio::io_context elsewhere;
  bench b(io.get_executor());
  int done = 0;
  auto work = asio::make_work_guard(elsewhere);
  b.sub.async_receive(asio::bind_executor(
      elsewhere, [&, only = std::make_unique<int>(5)](std::error_code ec, message m) {
        CHECK_FALSE(ec);
        CHECK(m.text() == "x");
        CHECK(*only == 5);
        CHECK(elsewhere.get_executor().running_in_this_thread());
        ++done;
        work.reset();
      }));
  std::thread t([&] { elsewhere.run(); });
  io.poll();
  b.pub.try_publish(where, "x");
  io.run();
  t.join();
  CHECK(done == 1);
}

TEST_CASE("a handler that throws does not take away the others' turn")
{
  asio::io_context io;
  broker bus(io, test::own_bus());
  publisher pub(bus);
  std::vector<subscriber> subs;
  int called = 0;
  for (int i = 0; i != 3; ++i) {
    subs.emplace_back(bus).subscribe("/async/#");
    subs.back().async_receive([&](std::error_code, message m) {
      ++called;
      throw std::runtime_error(std::string(m.text()));
    });
  }
  io.poll();  // they sleep now
  pub.try_publish(where, "x");
  for (int i = 0; i != 3; ++i) CHECK_THROWS_WITH(io.run(), "x");
  CHECK(io.run() == 0);
  CHECK(called == 3);
}

TEST_CASE("default-token handles: co_await without a token")
{
  using token = asio::use_awaitable_t<>;
  using executor = token::executor_with_default<asio::any_io_executor>;
  asio::io_context io;
  basic_broker<executor> bus(executor(io.get_executor()), own_bus());
  basic_publisher<executor> pub(bus);
  basic_subscriber<executor> sub(bus);
  static_assert(std::is_same_v<subscriber::rebind_executor<executor>::other, decltype(sub)>);
  sub.subscribe("/#");
  int done = 0;
  asio::co_spawn(
      io,
      [](basic_publisher<executor>& p, basic_subscriber<executor>& s,
         int& d) -> asio::awaitable<void> {
        co_await p.async_publish(where, "x");
        CHECK((co_await s.async_receive()).text() == "x");
        ++d;
      }(pub, sub, done),
      asio::detached);
  io.run();
  CHECK(done == 1);
}

TEST_CASE("run() goes on while something waits, and returns when it is closed")
{
  asio::io_context io;
  bench b(io.get_executor());
  std::error_code received;
  std::error_code watched;
  std::error_code published;
  b.pub.try_publish(slow_topic, 0);
  const topic nobody{"/nobody"};
  b.sub.async_receive([&](std::error_code ec, message) { received = ec; });
  b.pub.async_publish(slow_topic, 1, [&](std::error_code ec, std::size_t) { published = ec; });
  b.pub.async_wait_for_subscribers(nobody, 1,
                                   [&](std::error_code ec, std::size_t) { watched = ec; });
  bool broker_closed = false;
  b.bus.async_wait_closed([&](std::error_code ec) { broker_closed = !ec; });
  io.poll();
  CHECK_FALSE(io.stopped());
  b.bus.close();
  io.run();
  CHECK(received == errc::closed);
  CHECK(published == errc::closed);
  CHECK(watched == errc::closed);
  CHECK(broker_closed);
  std::error_code ec;
  subscriber late(b.bus, {}, ec);
  CHECK(ec == errc::closed);
}

TEST_CASE("destructors complete what is pending")
{
  asio::io_context io;
  auto b = std::make_unique<bench>(io.get_executor());
  std::error_code seen;
  b->sub.async_receive([&](std::error_code ec, message) { seen = ec; });
  io.poll();
  b.reset();
  io.run();
  CHECK(seen == errc::closed);
}

TEST_CASE("destroying a context with waits outstanding calls no handler and leaks nothing")
{
  auto token = std::make_shared<int>();
  std::optional<asio::io_context> io(std::in_place);
  auto b = std::make_unique<bench>(io->get_executor());
  b->sub.async_receive([token](std::error_code, message) { CHECK(false); });
  b->pub.async_wait_for_subscribers(where, 5,
                                    [token](std::error_code, std::size_t) { CHECK(false); });
  io->poll();
  b->slow.async_receive([token](std::error_code, message) { CHECK(false); });  // never started
  CHECK(token.use_count() == 4);
  io.reset();
  CHECK(token.use_count() == 1);
  b.reset();
}

TEST_CASE("a second receive is busy; one on a closed subscriber is closed")
{
  asio::io_context io;
  bench b(io.get_executor());
  std::vector<std::error_code> seen;
  b.sub.async_receive([&](std::error_code ec, message) { seen.push_back(ec); });
  b.sub.async_receive([&](std::error_code ec, message) { seen.push_back(ec); });
  std::error_code ec;
  CHECK_FALSE(b.sub.try_receive(ec));
  CHECK(ec == errc::busy);
  io.poll();
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == errc::busy);
  b.sub.close();
  b.sub.async_receive([&](std::error_code e, message) { seen.push_back(e); });
  io.run();
  REQUIRE(seen.size() == 3);
  CHECK(seen[1] != seen[2]);  // the pending one is closed, the new one busy or closed
}

TEST_CASE("moved-from objects can be destroyed")
{
  asio::io_context io;
  broker bus(io, own_bus());
  subscriber a(bus);
  subscriber c(std::move(a));
  publisher p(bus);
  publisher q(std::move(p));
  c.subscribe("/#");
  CHECK(q.try_publish(where, "x") == 1);
  c = subscriber(bus);
}

TEST_CASE("many subscribers in one context: the right one is woken, with one bell for all")
{
  asio::io_context io;
  auto config = own_bus();
  config.max_clients = 1100;
  broker bus(io, config);
  publisher pub(bus);
  std::vector<subscriber> subs;
  int woken = 0;
  for (int i = 0; i < 1000; ++i) {
    subs.emplace_back(bus);
    subs.back().subscribe("/n/" + std::to_string(i));
  }
  for (int i = 0; i < 1000; ++i)
    subs[static_cast<std::size_t>(i)].async_receive([&, i](std::error_code ec, message m) {
      if (ec) return;
      CHECK(m.topic() == "/n/" + std::to_string(i));
      ++woken;
    });
  io.poll();
  for (const int i : {0, 63, 64, 500, 999}) {
    CHECK(pub.try_publish(topic("/n/" + std::to_string(i)), "x") == 1);
    const int before = woken;
    while (woken == before) io.run_one();
  }
  CHECK(woken == 5);
  bus.close();
  io.run();
}

TEST_CASE("a coroutine that always finds a message lets its neighbours run")
{
  asio::io_context io;
  bench b(io.get_executor());
  bool neighbour_ran = false;
  int taken = 0;
  asio::co_spawn(
      io,
      [](bench& on, const bool& stop, int& n) -> asio::awaitable<void> {
        while (!stop) {
          on.pub.try_publish(where, "x");
          co_await on.sub.receive();
          ++n;
        }
      }(b, neighbour_ran, taken),
      asio::detached);
  asio::post(io, [&] { neighbour_ran = true; });
  io.run();
  CHECK(taken <= 65);
}
