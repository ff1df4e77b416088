// Floor for event loops: rings in shared memory, and an eventfd that an Asio coroutine waits for when
// its ring is empty. The eventfds are inherited.
#include "peers/shared_ring.hpp"
#include "support/rethrow.hpp"

#include <asio.hpp>
#include <sys/eventfd.h>

#include <cstdio>
#include <exception>
#include <memory>

namespace {

using peers::options;
using peers::shared_ring;

struct sender {
  sender(const options& o, const char* channel) : size(o.size)
  {
    for (int r = 0; r != o.receivers; ++r) {
      rings.push_back(
          std::make_unique<shared_ring>(shared_ring::path(o, channel, o.id, r), o.size, true));
      events.push_back(o.descriptors.at(std::string(channel) + "." + std::to_string(r)));
    }
  }
  // False: a ring is full; nobody got it.
  bool has_room()
  {
    for (auto& ring : rings)
      if (!ring->has_room()) return false;
    return true;
  }
  template <class Fill>
  void send(Fill fill)
  {
    while (!has_room()) peers::yield_processor();
    for (std::size_t i = 0; i != rings.size(); ++i) {
      fill(std::span(rings[i]->slot(), size));
      rings[i]->publish();
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (std::size_t i = 0; i != rings.size(); ++i) {
      if (rings[i]->asleep().load(std::memory_order_relaxed) == 0) continue;
      rings[i]->asleep().store(0, std::memory_order_relaxed);
      ::eventfd_write(events[i], 1);
    }
  }
  std::size_t size;
  std::vector<std::unique_ptr<shared_ring>> rings;
  std::vector<int> events;
};

struct receiver {
  receiver(asio::io_context& io, const options& o, const char* channel)
      : size(o.size),
        event(io, ::dup(o.descriptors.at(std::string(channel) + "." + std::to_string(o.id))))
  {
    for (int s = 0; s != o.senders; ++s)
      rings.push_back(
          std::make_unique<shared_ring>(shared_ring::path(o, channel, s, o.id), o.size, true));
  }
  shared_ring* ready()
  {
    for (auto& ring : rings)
      if (ring->has_message()) return ring.get();
    return nullptr;
  }
  template <class See>
  asio::awaitable<void> receive(See see)
  {
    shared_ring* ring = ready();
    while (!ring) {
      for (auto& r : rings) r->asleep().store(1, std::memory_order_seq_cst);
      if ((ring = ready())) break;
      co_await event.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
      ::eventfd_t count;
      ::eventfd_read(event.native_handle(), &count);
      ring = ready();
    }
    see(peers::bytes(ring->slot(), size));
    ring->release();
  }
  std::size_t size;
  std::vector<std::unique_ptr<shared_ring>> rings;
  asio::posix::stream_descriptor event;
};

asio::awaitable<void> run(asio::io_context& io, const options& o)
{
  if (o.role == "ping" || o.role == "pong") {
    const bool first = o.role == "ping";
    receiver in(io, o, first ? "pong" : "ping");
    sender out(o, first ? "ping" : "pong");
    peers::begin(o);
    const auto fill = [](std::span<std::byte> to) { peers::write_message(to, 0, 1); };
    if (first) {
      peers::round_trips laps(o);
      while (laps.more()) {
        out.send(fill);
        co_await in.receive([](peers::bytes) {});
      }
      out.send(peers::write_last);
      co_await in.receive([](peers::bytes) {});
      peers::report(laps.result());
    } else {
      for (bool more = true; more;) {
        co_await in.receive([&](peers::bytes m) { more = !peers::is_last(m); });
        out.send(fill);
      }
      peers::report("{}");
    }
  } else if (o.role == "send" || o.role == "wake") {
    sender out(o, "data");
    peers::begin(o);
    if (o.role == "send") {
      peers::sending s(o);
      while (s.more())
        out.send([&](std::span<std::byte> to) { peers::write_message(to, o.id, s.number()); });
      out.send(peers::write_last);
      peers::report(s.result());
    } else {
      peers::wake_ups w(o);
      while (w.more()) out.send(peers::write_time);
      out.send(peers::write_last);
      peers::report("{}");
    }
    std::getchar();
  } else if (o.role == "receive") {
    receiver in(io, o, "data");
    peers::begin(o);
    peers::checker c(o);
    for (bool more = true; more;) co_await in.receive([&](peers::bytes m) { more = c.see(m); });
    peers::report(c.result());
  } else if (o.role == "sleep") {
    receiver in(io, o, "data");
    peers::begin(o);
    peers::wake_up_times t;
    for (bool more = true; more;)
      co_await in.receive([&](peers::bytes m) {
        more = !peers::is_last(m);
        if (more) t.see(m);
      });
    peers::report(t.result());
  }
}

}  // namespace

int main(int argc, char** argv)
{
  try {
    const options o(argc, argv);
    asio::io_context io{1};
    asio::co_spawn(io, run(io, o), bench::rethrow);
    io.run();
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}
