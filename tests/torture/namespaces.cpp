#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

namespace torture {

using namespace shmbus;

// The first process of a namespace has pid 1 there, so all clients say that they are process 1.
int namespaces_mode(const arguments&)
{
  auto& arena = shared_arena();
  const broker_config config = new_bus();
  sync::broker bus(config);
  const auto in_a_namespace = [&](auto role) {
    return child([role] {
      if (::unshare(CLONE_NEWPID | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) return 77;
      child first(role);
      const std::string how = first.wait();
      return how.empty() ? 0 : 4;
    });
  };
  checks c;
  child one = in_a_namespace([&] { return publish(config, arena.of[0]); });
  child two = in_a_namespace([&] { return subscribe(config, overflow::block, arena.of[1]); });
  child three = in_a_namespace([&] { return publish(config, arena.of[2]); });
  std::string how;
  for (int i = 0; i < 500 && arena.of[1].received < 1000 && !one.ended(how); ++i) sleep_us(10'000);
  if (how == "exit status 77") throw skipped{"no right to make a pid namespace"};
  c.expect(arena.of[1].received >= 1000, "they do not hear of each other");
  int ones = 0;
  for (const auto& client : bus.info().clients) ones += client.pid == 1 && client.state == "live";
  c.expect(ones == 3, "not all of them are process 1");
  // One dies: the others with its number live on.
  three.kill();
  sleep_us(300'000);
  bus.recover();
  const std::uint64_t before = arena.of[1].received;
  sleep_us(300'000);
  c.expect(arena.of[1].received > before, "the death of a process 1 harmed another one");
  c.expect_nothing(audited(bus));
  arena.stop = true;
  c.expect(one.wait_for(10).empty(), "the publisher did not end well");
  c.expect(two.wait_for(10).empty(), "the subscriber did not end well");
  c.expect(remains(bus).empty(), "something remains");
  return c.failures();
}

}  // namespace torture
