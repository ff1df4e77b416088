// shmbus without Asio: try_receive() and try_publish() again and again, or receive() and publish().
#include "peers/blocking.hpp"
#include <shmbus/sync.hpp>

namespace {

shmbus::broker_config config(const peers::options& o)
{
  return {.name = "compare",
          .directory = o.directory,
          .buffer_size = std::size_t{512} << 20,
          .max_clients = 300};
}

struct shmbus_sync {
  struct sender {
    sender(const peers::options& o, const char* channel)
        : bus(config(o)),
          pub(bus, {.timestamps = false}),
          where("/compare/" + std::string(channel)),
          poll(!o.sleep),
          yield(o.yield),
          by_loan(o.size >= 4096)
    {
      buffer.resize(o.size);
      pub.wait_for_subscribers(where, static_cast<std::size_t>(o.receivers));
    }
    template <class Fill>
    void send(std::size_t size, Fill fill)
    {
      std::error_code ec;
      if (by_loan) {
        auto l = pub.loan(where, size);
        fill(l.bytes());
        if (!poll) {
          pub.publish(std::move(l));
          return;
        }
        while (pub.try_publish(std::move(l), ec), ec == shmbus::errc::queue_full) wait(ec);
      } else {
        fill(std::span(buffer));
        if (!poll) {
          pub.publish(where, buffer);
          return;
        }
        while (pub.try_publish(where, buffer, ec), ec == shmbus::errc::queue_full) wait(ec);
      }
      if (ec) throw std::system_error(ec);
    }
    void wait(std::error_code& ec)
    {
      ec.clear();
      if (yield) peers::yield_processor();
    }
    shmbus::sync::broker bus;
    shmbus::sync::publisher pub;
    shmbus::topic where;
    bool poll, yield, by_loan;
    std::vector<std::byte> buffer;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : bus(config(o)),
          sub(bus,
              {.queue_capacity = o.size > 65536 ? 16u : 256u, .overflow = shmbus::overflow::block}),
          poll(!o.sleep),
          yield(o.yield)
    {
      sub.subscribe("/compare/" + std::string(channel));
    }
    template <class See>
    void receive(See see)
    {
      if (!poll) {
        see(sub.receive().payload());
        return;
      }
      while (true) {
        if (const auto m = sub.try_receive()) {
          see(m->payload());
          return;
        }
        if (yield) peers::yield_processor();
      }
    }
    shmbus::sync::broker bus;
    shmbus::sync::subscriber sub;
    bool poll, yield;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<shmbus_sync>(argc, argv); }
