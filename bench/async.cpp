// What an asynchronous receive pays when the message is there already.
//
//   build/bench/bench_async [--benchmark_filter=REGEX]
//
// Each round publishes 200 messages and then times how they are received; time is for one message.
// The floor is `asio::post` of a handler that posts the next one.

#include "support/machine.hpp"
#include "support/ratios.hpp"
#include "support/scratch.hpp"
#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <array>
#include <chrono>

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::size_t batch = 200;  // fits into a queue of 256
constexpr std::array<std::byte, 64> payload{};
const shmbus::topic used{"/bench/used"};
const bench::scratch_directory scratch;

template <class Executor>
struct fixture {
  fixture() { sub.subscribe("/bench/#"); }

  void fill()
  {
    for (std::size_t i = 0; i != batch; ++i) pub.try_publish(used, payload);
  }

  asio::io_context io{1};
  Executor executor{io.get_executor()};
  shmbus::basic_broker<Executor> bus{executor, {.name = "async", .directory = scratch.path()}};
  shmbus::basic_publisher<Executor> pub{bus, {.timestamps = false}};
  shmbus::basic_subscriber<Executor> sub{bus};
};
using any = asio::any_io_executor;
using concrete = asio::io_context::executor_type;

void set_time(benchmark::State& state, clock_type::time_point begin)
{
  const std::chrono::duration<double> taken = clock_type::now() - begin;
  state.SetIterationTime(taken.count() / batch);
}

// --- coroutines

template <class Body>
void in_coroutine(benchmark::State& state, Body body)
{
  fixture<any> f;
  asio::co_spawn(
      f.io,
      [&]() -> asio::awaitable<void> {
        for (auto _ : state) {
          f.fill();
          const auto begin = clock_type::now();
          co_await body(f);
          set_time(state, begin);
        }
      },
      asio::detached);
  f.io.run();
}

asio::awaitable<void> receive_all(fixture<any>& f)
{
  for (std::size_t i = 0; i != batch; ++i)
    benchmark::DoNotOptimize((co_await f.sub.receive()).payload().data());
}
void co_await_receive(benchmark::State& state) { in_coroutine(state, receive_all); }

asio::awaitable<void> receive_batches(fixture<any>& f)
{
  std::array<shmbus::message, 16> batch_of_16;
  for (std::size_t left = batch; left != 0;)
    left -= co_await f.sub.async_receive_batch(batch_of_16, asio::use_awaitable);
}
asio::awaitable<void> receive_ready_batches(fixture<any>& f)
{
  std::array<shmbus::message, 16> batch_of_16;
  for (std::size_t left = batch; left != 0;) left -= co_await f.sub.receive_batch(batch_of_16);
}
void co_await_ready_batch_of_16(benchmark::State& state)
{
  in_coroutine(state, receive_ready_batches);
}
void co_await_batch_of_16(benchmark::State& state) { in_coroutine(state, receive_batches); }

asio::awaitable<void> post_all(fixture<any>& f)
{
  for (std::size_t i = 0; i != batch; ++i) co_await asio::post(f.executor, asio::use_awaitable);
}
void co_await_post(benchmark::State& state) { in_coroutine(state, post_all); }

// An awaitable that has its result already: what any `co_await f()` costs.
asio::awaitable<std::size_t> ready(std::size_t i) { co_return i; }
asio::awaitable<void> await_ready(fixture<any>&)
{
  for (std::size_t i = 0; i != batch; ++i) benchmark::DoNotOptimize(co_await ready(i));
}
void co_await_nothing(benchmark::State& state) { in_coroutine(state, await_ready); }

asio::awaitable<void> try_all(fixture<any>& f)
{
  for (std::size_t i = 0; i != batch; ++i)
    benchmark::DoNotOptimize(f.sub.try_receive()->payload().data());
  co_return;
}
void try_receive(benchmark::State& state) { in_coroutine(state, try_all); }

// --- callbacks

template <class Executor>
struct receive_chain {
  fixture<Executor>& f;
  std::size_t left;

  void operator()(const std::error_code&, const shmbus::message& m)
  {
    benchmark::DoNotOptimize(m.payload().data());
    if (--left != 0) f.sub.async_receive(*this);
  }
};

template <class Executor>
struct post_chain {
  const Executor& executor;
  std::size_t left;

  void operator()()
  {
    if (--left != 0) asio::post(executor, *this);
  }
};

template <class Executor>
void async_receive(benchmark::State& state)
{
  fixture<Executor> f;
  for (auto _ : state) {
    f.fill();
    f.io.restart();
    const auto begin = clock_type::now();
    f.sub.async_receive(receive_chain<Executor>{f, batch});
    f.io.run();
    set_time(state, begin);
  }
}

template <class Executor>
void post(benchmark::State& state)
{
  fixture<Executor> f;
  for (auto _ : state) {
    f.io.restart();
    const auto begin = clock_type::now();
    asio::post(f.executor, post_chain<Executor>{f.executor, batch});
    f.io.run();
    set_time(state, begin);
  }
}

void async_receive_any(benchmark::State& state) { async_receive<any>(state); }
void async_receive_concrete(benchmark::State& state) { async_receive<concrete>(state); }
void post_any(benchmark::State& state) { post<any>(state); }
void post_concrete(benchmark::State& state) { post<concrete>(state); }

}  // namespace

int main(int argc, char** argv)
{
  bench::print_machine("one thread on CPU 0");
  bench::pin_to(0);
  using function = void (*)(benchmark::State&);
  const std::array<std::pair<const char*, function>, 10> all{{
      {"co_await_nothing", co_await_nothing},
      {"co_await_post", co_await_post},
      {"try_receive", try_receive},
      {"co_await_receive", co_await_receive},
      {"co_await_ready_batch_of_16", co_await_ready_batch_of_16},
      {"co_await_async_batch_of_16", co_await_batch_of_16},
      {"post_any_io_executor", post_any},
      {"post_io_context", post_concrete},
      {"async_receive_any_io_executor", async_receive_any},
      {"async_receive_io_context", async_receive_concrete},
  }};
  for (const auto& [name, f] : all)
    benchmark::RegisterBenchmark(name, f)->UseManualTime()->Iterations(2000);
  return bench::run(argc, argv,
                    {
                        {"co_await_receive", "co_await_nothing"},
                        {"co_await_receive", "co_await_post"},
                        {"co_await_receive", "try_receive"},
                        {"co_await_ready_batch_of_16", "try_receive"},
                        {"co_await_async_batch_of_16", "try_receive"},
                        {"async_receive_any_io_executor", "post_any_io_executor"},
                        {"async_receive_io_context", "post_io_context"},
                    });
}
