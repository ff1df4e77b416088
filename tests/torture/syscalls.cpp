#include "torture/child.hpp"
#include "torture/fail_nth.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"
#include "torture/use_all.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace torture {

using namespace shmbus;

int syscalls_mode(const arguments& a)
{
  if (!can_fail_calls) throw skipped{"a sanitizer has the system calls"};
  auto& arena = shared_arena();
  int failures = 0;
  std::uint32_t calls = 0;
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
      wrong += left_beside(config, own);
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
