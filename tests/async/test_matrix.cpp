// Every operation with every kind of token, on one thread, on four and on a strand of four; once where
// it has to wait and once where it has not. Both ways to be woken: the build runs this program twice.
#include "async/fixture.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;
using test::own_bus;

namespace {

const topic where{"/matrix"};
const topic slow_topic{"/slow"};
const topic late_topic{"/late"};

struct clients {
  explicit clients(const asio::any_io_executor& e)
      : bus(e, own_bus()),
        pub(bus),
        sub(bus),
        slow(bus, {.queue_capacity = 1, .overflow = overflow::block}),
        late(bus)
  {
    sub.subscribe("/matrix");
    slow.subscribe("/slow");
    pub.try_publish(slow_topic, "fills the queue");
  }

  broker bus;
  publisher pub;
  subscriber sub;
  subscriber slow;  // whose queue is full
  subscriber late;  // not yet subscribed
  std::vector<message> batch = std::vector<message>(4);
};

// Each operation: how it starts, what lets it go on, and what it then has to give.
struct receives {
  template <class Token>
  static auto start(clients& c, Token&& token)
  {
    return c.sub.async_receive(std::forward<Token>(token));
  }
  static void allow(clients& c) { c.pub.try_publish(where, "it"); }
  static void check(clients&, const message& m) { CHECK(m.text() == "it"); }
};

struct receives_batch {
  template <class Token>
  static auto start(clients& c, Token&& token)
  {
    return c.sub.async_receive_batch(c.batch, std::forward<Token>(token));
  }
  static void allow(clients& c) { c.pub.try_publish(where, "it"); }
  static void check(clients& c, std::size_t n)
  {
    REQUIRE(n == 1);
    CHECK(c.batch[0].text() == "it");
  }
};

struct waits {
  template <class Token>
  static auto start(clients& c, Token&& token)
  {
    return c.sub.async_wait(std::forward<Token>(token));
  }
  static void allow(clients& c) { c.pub.try_publish(where, "it"); }
  static void check(clients&) {}
};

struct publishes {
  template <class Token>
  static auto start(clients& c, Token&& token)
  {
    return c.pub.async_publish(slow_topic, "x", std::forward<Token>(token));
  }
  static void allow(clients& c) { CHECK(c.slow.try_receive()); }
  static void check(clients&, std::size_t reached) { CHECK(reached == 1); }
};

struct waits_for_subscribers {
  template <class Token>
  static auto start(clients& c, Token&& token)
  {
    return c.pub.async_wait_for_subscribers(late_topic, 1, std::forward<Token>(token));
  }
  static void allow(clients& c) { c.late.subscribe("/late"); }
  static void check(clients&, std::size_t n) { CHECK(n == 1); }
};

#define EACH_OPERATION receives, receives_batch, waits, publishes, waits_for_subscribers

template <class Operation>
constexpr bool gives_nothing = std::is_same_v<Operation, waits>;

struct context {
  const char* name;
  int threads;
  bool strand;
};
constexpr context contexts[] = {
    {"one thread", 1, false}, {"four threads", 4, false}, {"a strand of four threads", 4, true}};

/// A context, clients on it, and the moment at which the operation may go on.
class stage {
public:
  explicit stage(const context& c)
      : executor(c.strand ? asio::any_io_executor(asio::make_strand(io)) : io.get_executor()),
        all(executor),
        threads_(c.threads)
  {
  }

  /// Calls `f` on the context in a moment, by when the operation has long begun to wait.
  void soon(std::function<void()> f)
  {
    timer_.expires_after(2ms);
    timer_.async_wait([f = std::move(f)](std::error_code) { f(); });
  }

  void run()
  {
    io.restart();
    std::vector<std::thread> more;
    for (int i = 1; i < threads_; ++i) more.emplace_back([&] { io.run(); });
    io.run();
    for (auto& t : more) t.join();
  }

  asio::io_context io;
  asio::any_io_executor executor;
  clients all;

private:
  int threads_;
  asio::steady_timer timer_{executor};
};

// Runs `body(stage, done)` on each context; with the way free at once, and later.
template <class Operation, class Body>
void everywhere(Body body)
{
  for (const context& c : contexts) {
    for (const bool has_to_wait : {false, true}) {
      INFO(c.name << (has_to_wait ? ", has to wait" : ", goes at once"));
      stage s(c);
      if (has_to_wait)
        s.soon([&s] { Operation::allow(s.all); });
      else
        Operation::allow(s.all);
      int done = 0;
      body(s, done);
      s.run();
      CHECK(done == 1);
    }
  }
}

void spawn(stage& s, asio::awaitable<void> what)
{
  asio::co_spawn(s.executor, std::move(what), [](std::exception_ptr e) { CHECK_FALSE(e); });
}

template <class Operation, class Awaitable>
asio::awaitable<void> check_result(clients& c, Awaitable a, int& done)
{
  if constexpr (gives_nothing<Operation>) {
    co_await std::move(a);
    Operation::check(c);
  } else {
    auto result = co_await std::move(a);
    Operation::check(c, result);
  }
  ++done;
}

template <class Operation>
asio::awaitable<void> with_use_awaitable(clients& c, int& done)
{
  co_await check_result<Operation>(c, Operation::start(c, asio::use_awaitable), done);
}

template <class Operation>
asio::awaitable<void> with_deferred(clients& c, int& done)
{
  auto operation = Operation::start(c, test::deferred);
  co_await check_result<Operation>(c, std::move(operation)(asio::use_awaitable), done);
}

template <class Operation>
asio::awaitable<void> with_as_tuple(clients& c, int& done)
{
  auto result = co_await Operation::start(c, test::as_tuple(asio::use_awaitable));
  CHECK_FALSE(std::get<0>(result));
  if constexpr (gives_nothing<Operation>)
    Operation::check(c);
  else
    Operation::check(c, std::get<1>(result));
  ++done;
}

// Wins or loses against a timer.
template <class Operation>
asio::awaitable<void> with_or(clients& c, std::chrono::nanoseconds timeout, bool wins, int& done)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, timeout);
  auto first =
      co_await (Operation::start(c, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
  CHECK(first.index() == (wins ? 0 : 1));
  if constexpr (gives_nothing<Operation>) {
    Operation::check(c);
  } else {
    if (first.index() == 0) Operation::check(c, std::get<0>(first));
  }
  ++done;
}

template <class Operation>
auto callback(stage& s, int& done, const bool& initiating)
{
  return [&s, &done, &initiating](std::error_code ec, auto&&... results) {
    CHECK_FALSE(initiating);
    CHECK_FALSE(ec);
    Operation::check(s.all, results...);
    ++done;
  };
}

// Starts the operation with a handler that is called with its error, and its results dropped.
template <class Operation, class Wrap>
void start_for_error(stage& s, Wrap wrap, std::optional<std::error_code>& seen)
{
  Operation::start(s.all, wrap([&seen](std::error_code ec, auto&&...) { seen = ec; }));
}

// An operation that was cancelled did nothing: the same one then has what it had before.
template <class Operation>
void expect_nothing_happened(stage& s)
{
  Operation::allow(s.all);
  int done = 0;
  bool initiating = false;
  Operation::start(s.all, callback<Operation>(s, done, initiating));
  s.run();
  CHECK(done == 1);
}

}  // namespace

TEST_CASE_TEMPLATE("use_awaitable", Operation, EACH_OPERATION)
{
  everywhere<Operation>(
      [](stage& s, int& done) { spawn(s, with_use_awaitable<Operation>(s.all, done)); });
}

TEST_CASE_TEMPLATE("deferred", Operation, EACH_OPERATION)
{
  everywhere<Operation>(
      [](stage& s, int& done) { spawn(s, with_deferred<Operation>(s.all, done)); });
}

TEST_CASE_TEMPLATE("as_tuple", Operation, EACH_OPERATION)
{
  everywhere<Operation>(
      [](stage& s, int& done) { spawn(s, with_as_tuple<Operation>(s.all, done)); });
}

TEST_CASE_TEMPLATE("a callback, never inside the initiating call", Operation, EACH_OPERATION)
{
  everywhere<Operation>([](stage& s, int& done) {
    thread_local bool initiating;
    initiating = true;
    Operation::start(s.all, callback<Operation>(s, done, initiating));
    initiating = false;
  });
}

TEST_CASE_TEMPLATE("a callback runs on the strand it is bound to", Operation, EACH_OPERATION)
{
  everywhere<Operation>([](stage& s, int& done) {
    const auto strand = asio::make_strand(s.io);
    Operation::start(
        s.all, asio::bind_executor(strand, [&, strand](std::error_code ec, auto&&... results) {
          CHECK(strand.running_in_this_thread());
          CHECK_FALSE(ec);
          Operation::check(s.all, results...);
          ++done;
        }));
  });
}

TEST_CASE_TEMPLATE("use_future", Operation, EACH_OPERATION)
{
  everywhere<Operation>([](stage& s, int& done) {
    auto future = Operation::start(s.all, asio::use_future);
    s.run();
    REQUIRE(future.wait_for(10s) == std::future_status::ready);
    if constexpr (gives_nothing<Operation>) {
      future.get();
      Operation::check(s.all);
    } else {
      const auto result = future.get();
      Operation::check(s.all, result);
    }
    ++done;
  });
}

TEST_CASE_TEMPLATE("|| a timer that is slower", Operation, EACH_OPERATION)
{
  everywhere<Operation>([](stage& s, int& done) {
    // Two branches run at the same time unless a strand keeps them apart.
    asio::co_spawn(asio::make_strand(s.io), with_or<Operation>(s.all, 10min, true, done),
                   [](std::exception_ptr e) { CHECK_FALSE(e); });
  });
}

TEST_CASE_TEMPLATE("|| a timer that is faster: nothing happened", Operation, EACH_OPERATION)
{
  for (const context& c : contexts) {
    INFO(c.name);
    stage s(c);
    int done = 0;
    asio::co_spawn(asio::make_strand(s.io), with_or<Operation>(s.all, 1ms, false, done),
                   [](std::exception_ptr e) { CHECK_FALSE(e); });
    s.run();
    CHECK(done == 1);
    expect_nothing_happened<Operation>(s);
  }
}

TEST_CASE_TEMPLATE("cancelled through its slot: nothing happened", Operation, EACH_OPERATION)
{
  for (const context& c : contexts) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
      INFO(c.name);
      stage s(c);
      asio::cancellation_signal signal;
      std::optional<std::error_code> seen;
      start_for_error<Operation>(
          s, [&](auto h) { return asio::bind_cancellation_slot(signal.slot(), std::move(h)); },
          seen);
      s.soon([&] { signal.emit(type); });
      s.run();
      CHECK(seen == asio::error::operation_aborted);
      expect_nothing_happened<Operation>(s);
    }
  }
}

#if __has_include(<asio/cancel_after.hpp>)
TEST_CASE_TEMPLATE("cancel_after that is slower", Operation, EACH_OPERATION)
{
  everywhere<Operation>([](stage& s, int& done) {
    static const bool initiating = false;
    Operation::start(s.all, asio::cancel_after(10min, callback<Operation>(s, done, initiating)));
  });
}

TEST_CASE_TEMPLATE("cancel_after that is faster: nothing happened", Operation, EACH_OPERATION)
{
  for (const context& c : contexts) {
    INFO(c.name);
    stage s(c);
    std::optional<std::error_code> seen;
    start_for_error<Operation>(
        s, [](auto h) { return asio::cancel_after(1ms, std::move(h)); }, seen);
    s.run();
    CHECK(seen == asio::error::operation_aborted);
    expect_nothing_happened<Operation>(s);
  }
}
#endif
