#include "shmbus/client_info.hpp"
#include "torture/child.hpp"
#include "torture/fail_nth.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// Goes on after an error, as far as it comes; only exceptions that say what the system refused.
void step(const std::function<void()>& f)
{
  try {
    f();
  } catch (const std::system_error&) {
  }
}

// Whatever fails, a message that was said to be published is received, and no other one.
int use_all(const broker_config& config, const std::string& own_name)
{
  int status = 0;
  step([&] {
    broker_config own = config;
    own.name = own_name;
    sync::broker(own).info();
  });
  step([&] { list_buses(); });
  step([&] {
    sync::broker bus(config);
    std::optional<sync::publisher> pub;
    std::optional<sync::subscriber> sub;
    step([&] { pub.emplace(bus); });
    step([&] { sub.emplace(bus); });
    const topic t("/syscalls");
    bool subscribed = false;
    std::size_t reached = 0;
    if (sub)
      step([&] {
        sub->subscribe("/syscalls");
        subscribed = true;
      });
    if (pub) step([&] { reached = pub->try_publish(t, std::string(100'000, 'x')); });
    std::optional<message> m;
    if (sub) step([&] { m = sub->receive_for(1ms); });
    if (reached == 1 && !m) step([&] { m = sub->try_receive(); });
    if ((reached == 1) != m.has_value()) status = 4;
    if (subscribed && pub && reached == 0) step([&] { pub->try_publish(t, "y"); });
    m.reset();
    if (sub) step([&] { sub->native_handle(); });
    if (sub) step([&] { sub->receive_for(1ms); });
    step([&] { bus.native_handle(); });
    if (pub) step([&] { pub->wait_for_subscribers(topic("/nobody"), 1, 1ms); });
    if (pub) step([&] { pub->publish_for(t, "z", 1ms); });
    step([&] { bus.recover(); });
    step([&] { bus.info(); });
  });
  return status;
}

}  // namespace

int syscalls_mode(const arguments& a)
{
  if (!can_fail_calls) throw skipped{"a sanitizer has the system calls"};
  const std::string directory = std::getenv("SHMBUS_DIR");
  auto& arena = shared_arena();
  int failures = 0;
  std::uint32_t calls = 0;
  std::set<std::string> kinds;
  for (const char* const wakeup : {"uring", "thread"}) {
    ::setenv("SHMBUS_WAKEUP", wakeup, 1);
    broker_config config = new_bus();
    const std::string own = config.name + "-own";
    sync::broker bus(config);
    for (std::uint32_t n = static_cast<std::uint32_t>(a.number(0, 1));; ++n) {
      arena.ready = 0;
      child c([&] {
        fail_nth_call(n);
        const int status = use_all(config, own);
        arena.ready = calls_made() >= n;
        if (status != 0) std::fprintf(stderr, "%s failed\n", failed_call());
        return status;
      });
      std::string wrong = c.wait_for(20);
      wrong += remains(bus);
      // What a failed removal left is taken away by the next one.
      broker_config own_config = config;
      own_config.name = own;
      sync::broker(own_config).info();
      for (const auto& e : std::filesystem::directory_iterator(directory))
        if (e.path().filename() != config.name) wrong += e.path().filename().string() + " remains";
      if (!wrong.empty()) {
        ++failures;
        std::printf("%s, call %u: %s\n", wakeup, n, wrong.c_str());
      }
      if (arena.ready == 0 || failures > 10) break;
      ++calls;
    }
  }
  std::printf("%u system calls failed, one after the other\n", calls);
  return failures;
}

}  // namespace torture
