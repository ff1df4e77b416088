#include "torture/child.hpp"
#include "torture/fail_nth.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"
#include "torture/use_all.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

bool write_file(const char* path, const std::string& text)
{
  const int f = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool ok =
      f >= 0 && ::write(f, text.data(), text.size()) == static_cast<::ssize_t>(text.size());
  if (f >= 0) ::close(f);
  return ok;
}

// In a user namespace of its own; false where that can't be.
bool forbid_watches(const char* limit)
{
  const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
  return ::unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/uid_map", user) &&
         write_file((std::string("/proc/sys/user/") + limit).c_str(), "0");
}

// So many descriptors, from none to enough.
int few_descriptors(const char* wakeup, checks& c)
{
  ::setenv("SHMBUS_WAKEUP", wakeup, 1);
  const broker_config config = new_bus();
  const std::string own = config.name + "-own";
  sync::broker bus(config);
  int enough = 0;
  constexpr int most = 40;
  for (int n = 0; n != most; ++n) {
    child one([&] {
      // The standard ones and the driver's stay; the next ones are counted.
      const int first = ::dup(0);
      const auto limit = static_cast<::rlim_t>(first + n);
      ::close(first);
      const ::rlimit few{limit, limit};
      if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 5;
      return use_all(config, own);
    });
    const std::string how = one.wait_for(20);
    const std::string wrong =
        (how.empty() ? "" : how + "\n") + remains(bus) + left_beside(config, own);
    c.expect(wrong.empty(),
             std::string(wakeup) + ", " + std::to_string(n) + " descriptors: " + wrong);
    enough = n;
  }
  return enough;
}

// Nobody is told of deaths, and everything else works; who waits looks by itself.
void no_watches(const char* limit, checks& c)
{
  const broker_config config = new_bus();
  const std::string own = config.name + "-own";
  sync::broker bus(config);
  child all([&] { return forbid_watches(limit) ? use_all(config, own) : 77; });
  const std::string how = all.wait_for(20);
  if (how == "exit status 77") throw skipped{"no right to forbid watches"};
  c.expect(how.empty(), std::string(limit) + " is 0: " + how);

  auto& arena = shared_arena();
  arena.ready = 0;
  child subscriber([&] {
    sync::broker b(config);
    sync::subscriber sub(b, {.queue_capacity = 1, .overflow = overflow::block});
    sub.subscribe("/limits");
    arena.ready = 1;
    return ::pause();
  });
  while (arena.ready == 0) sleep_us(50);
  child publisher([&] {
    if (!forbid_watches(limit)) return 77;
    sync::broker b(config);
    sync::publisher pub(b);
    const topic t("/limits");
    pub.publish(t, "x");
    arena.ready = 2;
    return pub.publish_for(t, "y", 8s) == 0 ? 0 : 4;
  });
  while (arena.ready == 1) sleep_us(50);
  sleep_us(20'000);
  const std::uint64_t began = now_ns();
  subscriber.kill();
  c.expect(publisher.wait_for(10).empty(), "a publisher waited for the dead");
  std::printf("%s is 0: a death was noticed after %.0f ms\n", limit,
              static_cast<double>(now_ns() - began) / 1e6);
  c.expect_nothing(remains(bus));
}

}  // namespace

int limits_mode(const arguments&)
{
  checks c;
  if (can_fail_calls)  // a sanitizer needs descriptors of its own
    for (const char* const wakeup : {"uring", "thread"})
      std::printf("%s: from 0 to %d descriptors\n", wakeup, few_descriptors(wakeup, c));
  for (const char* const limit : {"max_inotify_instances", "max_inotify_watches"})
    no_watches(limit, c);
  return c.failures();
}

}  // namespace torture
