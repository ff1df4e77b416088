// shmbus as it is meant: coroutines on an Asio event loop.
#include "peers/role.hpp"
#include "support/rethrow.hpp"
#include <shmbus/shmbus.hpp>

#include <asio.hpp>
#include <sys/resource.h>

#include <array>
#include <cstdio>
#include <deque>
#include <exception>

namespace {

using peers::options;

shmbus::broker_config config(const options& o)
{
  return {.name = "compare",
          .directory = o.directory,
          .buffer_size = std::size_t{512} << 20,
          .max_clients = 2200};
}

shmbus::topic topic(const char* channel)
{
  return shmbus::topic("/compare/" + std::string(channel));
}

void subscribe(shmbus::subscriber& sub, const char* channel)
{
  sub.subscribe(topic(channel).name());
}

shmbus::subscriber_options queue(const options& o)
{
  return {.queue_capacity = o.size > 65536 ? 16u : 256u, .overflow = shmbus::overflow::block};
}

// Publishes what `fill` writes; large messages where they will lie.
template <class Fill>
asio::awaitable<void> send(shmbus::publisher& pub, const shmbus::topic& where,
                           std::vector<std::byte>& buffer, Fill fill)
{
  if (buffer.size() >= 4096) {
    auto l = pub.loan(where, buffer.size());
    fill(l.bytes());
    co_await pub.publish(std::move(l));
    co_return;
  }
  fill(std::span(buffer));
  std::error_code ec;
  pub.try_publish(where, buffer, ec);
  if (ec == shmbus::errc::queue_full)
    co_await pub.publish(where, buffer);
  else if (ec)
    throw std::system_error(ec);
}

asio::awaitable<void> ping_pong(shmbus::broker& bus, const options& o)
{
  const bool first = o.role == "ping";
  shmbus::subscriber sub(bus, queue(o));
  subscribe(sub, first ? "pong" : "ping");
  shmbus::publisher pub(bus, {.timestamps = false});
  const auto where = topic(first ? "ping" : "pong");
  co_await pub.async_wait_for_subscribers(where, 1, asio::use_awaitable);
  peers::begin(o);
  std::vector<std::byte> buffer(o.size);
  const auto fill = [](std::span<std::byte> to) { peers::write_message(to, 0, 1); };
  if (first) {
    peers::round_trips laps(o);
    while (laps.more()) {
      co_await send(pub, where, buffer, fill);
      co_await sub.receive();
    }
    co_await send(pub, where, buffer, peers::write_last);
    co_await sub.receive();
    peers::report(laps.result());
  } else {
    for (bool more = true; more;) {
      more = !peers::is_last((co_await sub.receive()).payload());
      co_await send(pub, where, buffer, fill);
    }
    peers::report("{}");
  }
}

asio::awaitable<void> send_all(shmbus::broker& bus, const options& o)
{
  shmbus::publisher pub(bus, {.timestamps = false});
  const auto where = topic("data");
  co_await pub.async_wait_for_subscribers(where, static_cast<std::size_t>(o.receivers),
                                          asio::use_awaitable);
  peers::begin(o);
  std::vector<std::byte> buffer(o.size);
  if (o.role == "send") {
    peers::sending s(o);
    while (s.more())
      co_await send(pub, where, buffer,
                    [&](std::span<std::byte> to) { peers::write_message(to, o.id, s.number()); });
    co_await send(pub, where, buffer, peers::write_last);
    peers::report(s.result());
  } else {
    peers::wake_ups w(o);
    while (w.more()) co_await send(pub, where, buffer, peers::write_time);
    co_await send(pub, where, buffer, peers::write_last);
    peers::report("{}");
  }
  std::getchar();
}

asio::awaitable<void> receive_all(shmbus::broker& bus, const options& o)
{
  shmbus::subscriber sub(bus, queue(o));
  subscribe(sub, "data");
  peers::begin(o);
  if (o.role == "sleep") {
    peers::wake_up_times t;
    while (true) {
      const auto m = co_await sub.receive();
      if (peers::is_last(m.payload())) break;
      t.see(m.payload());
    }
    peers::report(t.result());
    co_return;
  }
  peers::checker c(o);
  std::array<shmbus::message, 16> batch;
  for (bool more = true; more;) {
    const std::size_t count = co_await sub.receive_batch(batch);
    for (std::size_t i = 0; i != count; ++i) more = c.see(batch[i].payload()) && more;
  }
  peers::report(c.result());
}

// A thousand subscribers that wait in one process: what joining costs, and what waiting does.
asio::awaitable<void> crowd(shmbus::broker& bus, const options& o)
{
  std::deque<shmbus::subscriber> subs;
  std::vector<double> joins;
  for (int i = 0; i != o.receivers; ++i) {
    const auto before = peers::now_ns();
    subs.emplace_back(bus).subscribe("/elsewhere/" + std::to_string(i));
    joins.push_back(static_cast<double>(peers::now_ns() - before));
  }
  for (auto& s : subs) s.async_receive([](std::error_code, shmbus::message) {});
  std::sort(joins.begin(), joins.end());
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::seconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  peers::begin(o);
  ::rusage before, after;
  ::getrusage(RUSAGE_SELF, &before);
  timer.expires_after(std::chrono::seconds(10));
  co_await timer.async_wait(asio::use_awaitable);
  ::getrusage(RUSAGE_SELF, &after);
  const auto cpu_ms = [](const ::rusage& r) {
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1e3 +
           static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e3;
  };
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"join_p50_ns\":%.0f,\"join_p99_ns\":%.0f,\"switches\":%ld,\"cpu_ms\":%.3f}",
                joins[joins.size() / 2], joins[joins.size() * 99 / 100],
                after.ru_nvcsw - before.ru_nvcsw - 1, cpu_ms(after) - cpu_ms(before));
  peers::report(text);
  std::getchar();
  for (auto& s : subs) s.close();
}

}  // namespace

int main(int argc, char** argv)
{
  try {
    const options o(argc, argv);
    asio::io_context io{1};
    shmbus::broker bus(io, config(o));
    const auto role = [&]() -> asio::awaitable<void> {
      if (o.role == "ping" || o.role == "pong")
        co_await ping_pong(bus, o);
      else if (o.role == "send" || o.role == "wake")
        co_await send_all(bus, o);
      else if (o.role == "crowd")
        co_await crowd(bus, o);
      else
        co_await receive_all(bus, o);
    };
    asio::co_spawn(io, role(), bench::rethrow);
    io.run();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}
