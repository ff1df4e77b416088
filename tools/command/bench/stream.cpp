#include "command/bench/measure.hpp"
#include "peers/shared_ring.hpp"
#include "shmbus/sync.hpp"
#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/scratch.hpp"

#include <cstring>
#include <functional>

namespace shmbus::command {
namespace {

using clock = std::chrono::steady_clock;

constexpr auto length = std::chrono::milliseconds(50);
const topic streamed{"/bench/stream"};

// A word of each line: what reads a message has its payload in its cache.
std::uint64_t read_all(const std::byte* payload, std::size_t size) noexcept
{
  std::uint64_t sum = 0;
  for (std::size_t at = 0; at < size; at += 64) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload + at, sizeof word);
    sum += word;
  }
  return sum;
}

// Sends for a while; nanoseconds for one message. The first word of the last one is 1.
template <class Send>
double send_for(std::size_t size, Send send)
{
  std::vector<std::byte> payload(size);
  const auto begin = clock::now();
  std::uint64_t sent = 0;
  do {
    for (int i = 0; i != 16; ++i) send(payload);
    sent += 16;
  } while (clock::now() - begin < length);
  const std::chrono::duration<double, std::nano> taken = clock::now() - begin;
  payload[0] = std::byte{1};
  send(payload);
  return taken.count() / static_cast<double>(sent);
}

std::vector<std::string> arguments(const char* through, int cpu, const std::string& directory,
                                   std::size_t size)
{
  return {"stream", through, std::to_string(cpu), directory, std::to_string(size)};
}

double stream_shmbus(int there, std::size_t size)
{
  const bench::scratch_directory scratch;
  sync::broker bus{{.name = "stream", .directory = scratch.path()}};
  sync::publisher pub{bus, {.timestamps = false}};
  bench::child receiver(arguments("shmbus", there, scratch.path().string(), size));
  pub.wait_for_subscribers(streamed, 1);
  const double ns = send_for(size, [&](const std::vector<std::byte>& payload) {
    std::error_code ec;
    do pub.try_publish(streamed, payload, ec);
    while (ec == errc::queue_full);
    if (ec) throw std::system_error(ec, "cannot publish");
  });
  receiver.wait();
  return ns;
}

double stream_raw(int there, std::size_t size)
{
  const bench::scratch_directory scratch;
  peers::shared_ring ring((scratch.path() / "ring").string(), size, true);
  bench::child receiver(arguments("raw", there, scratch.path().string(), size));
  const double ns = send_for(size, [&](const std::vector<std::byte>& payload) {
    while (!ring.has_room()) {
    }
    std::memcpy(ring.slot(), payload.data(), payload.size());
    ring.publish();
  });
  receiver.wait();
  return ns;
}

void receive_shmbus(const std::string& directory)
{
  sync::broker bus{{.name = "stream", .directory = directory}};
  sync::subscriber sub{bus, {.overflow = overflow::block}};
  sub.subscribe(streamed.name());
  for (bool last = false; !last;)
    if (const auto m = sub.try_receive())
      last = read_all(m->payload().data(), m->payload().size()) != 0;
}

void receive_raw(const std::string& directory, std::size_t size)
{
  peers::shared_ring ring(directory + "/ring", size, false);
  for (bool last = false; !last;) {
    if (!ring.has_message()) continue;
    last = read_all(ring.slot(), size) != 0;
    ring.release();
  }
}

}  // namespace

measured measure_stream(int here, int there, std::size_t size)
{
  bench::pin_to(here);
  return {.shmbus = stream_shmbus(there, size), .floor = stream_raw(there, size)};
}

int receive_stream(const std::vector<std::string>& arguments)
{
  bench::pin_to(std::stoi(arguments.at(1)));
  if (arguments.at(0) == "shmbus")
    receive_shmbus(arguments.at(2));
  else
    receive_raw(arguments.at(2), std::stoul(arguments.at(3)));
  return 0;
}

}  // namespace shmbus::command
