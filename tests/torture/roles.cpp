#include "torture/roles.hpp"

#include "core/audit.hpp"
#include "torture/child.hpp"
#include "torture/record.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// What a client may be told by a bus in which everything goes wrong but nobody cheats.
bool expected(const std::error_code& ec)
{
  return !ec || ec == errc::timed_out || ec == errc::queue_full || ec == errc::buffer_full ||
         ec == errc::too_many_held;
}

int complain(const char* who, const std::string& text)
{
  std::fprintf(stderr, "%s %d: %s\n", who, ::getpid(), text.c_str());
  return 4;
}

}  // namespace

int publish(const broker_config& config, arena::figures& f)
{
  std::mt19937 random(static_cast<unsigned>(::getpid() + now_ns()));
  sync::broker bus(config);
  sync::publisher pub(bus);
  const topic t(random() % 4 == 0 ? "/torture/a-topic-that-does-not-fit-into-a-header"
                                  : "/torture/" + std::to_string(::getpid()));
  std::vector<std::byte> memory(100'000);
  const std::uint64_t began = now_ns();
  for (std::uint64_t n = 0; !shared_arena().stop;) {
    const std::size_t extra = random() % 50 == 0 ? random() % 90'000 : random() % 300;
    const std::size_t size = sizeof(record) + extra;
    std::error_code ec;
    const auto how = random() % 8;
    if (how == 0) {
      shmbus::loan l;
      {
        const call_timer timer(f);
        l = pub.loan(t, size, ec);
      }
      if (!ec) {
        fill(l.bytes(), n, began);
        const call_timer timer(f);
        pub.try_publish(std::move(l), ec);
      }
    } else {
      fill({memory.data(), size}, n, began);
      const payload_view payload(std::span<const std::byte>(memory.data(), size));
      if (how < 6) {
        const call_timer timer(f);
        pub.try_publish(t, payload, ec);
      } else {
        pub.publish_for(t, payload, 200ms, ec);
      }
    }
    if (!expected(ec)) return complain("publisher", ec.message());
    if (ec) {
      ++f.refused;
      sleep_us(50);
    } else {
      ++n;
      ++f.published;
    }
    if (random() % 64 == 0) sleep_us(random() % 500);
  }
  return 0;
}

int subscribe(const broker_config& config, overflow policy, arena::figures& f)
{
  std::mt19937 random(static_cast<unsigned>(::getpid() + now_ns()));
  sync::broker bus(config);
  sync::subscriber sub(bus, {.queue_capacity = 32, .max_held = 8, .overflow = policy});
  sub.subscribe("/torture/#");
  ledger received(now_ns(), policy != overflow::block);
  std::vector<message> held;
  while (!shared_arena().stop) {
    std::error_code ec;
    std::optional<message> m;
    if (random() % 2 == 0) {
      const call_timer timer(f);
      m = sub.try_receive(ec);
    } else {
      m = sub.receive_for(100ms, ec);
    }
    if (!expected(ec)) return complain("subscriber", ec.message());
    if (ec) held.clear();
    if (!m) continue;
    f.lost = sub.lost();
    const std::string wrong = received.enter(*m, sub.lost());
    if (!wrong.empty()) return complain("subscriber", wrong);
    ++f.received;
    if (random() % 4 == 0) held.push_back(std::move(*m));
    if (held.size() > 6 || random() % 8 == 0) held.clear();
    if (random() % 1000 == 0) sleep_us(random() % 2000);
  }
  return 0;
}

const char* name_of(overflow policy)
{
  static constexpr std::array names = {"drop_oldest", "drop_newest", "block"};
  return names[static_cast<std::size_t>(policy)];
}

broker_config new_bus()
{
  static int count = 0;
  return {.name = "torture-" + std::to_string(++count), .buffer_size = 8 << 20, .max_clients = 256};
}

std::string audited(const sync::broker& bus)
{
  std::string all;
  for (const auto& p : core::audit(*bus.implementation()).problems) all += "audit: " + p + "\n";
  return all;
}

std::string remains(sync::broker& bus)
{
  for (int i = 0; i < 3; ++i) bus.recover();
  const bus_info info = bus.info();
  std::string text;
  if (!info.clients.empty())
    text += std::to_string(info.clients.size()) + " clients remain, the first one " +
            info.clients[0].state + "\n";
  const auto pages = (info.message_bytes_used + info.control_bytes_used) / 4096;
  if (pages != 0) text += std::to_string(pages) + " pages remain\n";
  return text + audited(bus);
}

}  // namespace torture
