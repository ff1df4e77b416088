// A process of the tests: publishes or receives until it is killed, or a count is reached.
//   peer publish BUS TOPIC COUNT        0: without end
//   peer trickle BUS TOPIC COUNT        the same with pauses, short ones and fewer long ones
//   peer receive BUS PATTERN COUNT OVERFLOW    exit status 0: COUNT messages, in order, none lost
#include "shmbus/sync.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <thread>

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

int publish(sync::broker& bus, const topic& t, std::uint64_t count, bool pauses)
{
  sync::publisher pub(bus);
  pub.wait_for_subscribers(t, 1);
  for (std::uint64_t i = 0; i != count || count == 0; ++i) {
    pub.publish(t, i);
    if (pauses && i % 3 == 0) std::this_thread::sleep_for(i % 30 == 0 ? 400us : 40us);
  }
  return 0;
}

int receive(sync::broker& bus, const char* pattern, std::uint64_t count, overflow policy)
{
  sync::subscriber sub(bus, {.queue_capacity = 64, .overflow = policy});
  sub.subscribe(pattern);
  std::map<client_id, std::uint64_t> next;
  for (std::uint64_t i = 0; i != count || count == 0; ++i) {
    const message m = sub.receive();
    std::uint64_t& expected = next[m.publisher()];
    const auto n = m.as<std::uint64_t>();
    if (n < expected) {
      std::fprintf(stderr, "message %lu after %lu\n", n, expected - 1);
      return 1;
    }
    if (policy == overflow::block && n != expected) {
      std::fprintf(stderr, "lost %lu messages\n", n - expected);
      return 1;
    }
    expected = n + 1;
  }
  return sub.lost() == 0 || policy != overflow::block ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
  if (argc < 5) return 2;
  try {
    sync::broker bus({.name = argv[2], .adopt = true});
    const std::uint64_t count = std::strtoull(argv[4], nullptr, 10);
    const std::string_view role(argv[1]);
    if (role == "publish" || role == "trickle")
      return publish(bus, topic(argv[3]), count, role == "trickle");
    return receive(bus, argv[3], count, static_cast<overflow>(std::atoi(argv[5])));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "peer: %s\n", e.what());
    return 3;
  }
}
