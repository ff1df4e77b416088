// What bench/syscalls looks at from outside.
//
//   bench_syscall_load publish N        publishes N messages to a process that polls
//   bench_syscall_load hold             a bus with one publisher and one subscriber, until standard
//                                       input ends; prints its folder

#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/scratch.hpp"
#include <shmbus/sync.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

const shmbus::topic used{"/bench/used"};

int poll(const std::string& directory)
{
  bench::pin_to(1 % bench::usable_cpus());
  shmbus::sync::broker bus{{.name = "load", .directory = directory}};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(used.name());
  while (true)
    if (const auto m = sub.try_receive(); m && m->payload().empty()) return 0;
}

int publish(long count)
{
  const bench::scratch_directory scratch;
  bench::child reader({"poll", scratch.path().string()});
  shmbus::sync::broker bus{{.name = "load", .directory = scratch.path()}};
  shmbus::sync::publisher pub{bus};
  pub.wait_for_subscribers(used, 1);
  const std::array<std::byte, 64> payload{};
  for (long i = 0; i != count; ++i) pub.publish(used, payload);
  pub.publish(used, shmbus::payload_view{});
  reader.wait();
  return 0;
}

int hold()
{
  const bench::scratch_directory scratch;
  shmbus::sync::broker bus{{.name = "default", .directory = scratch.path()}};
  shmbus::sync::publisher pub{bus};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe(used.name());
  pub.publish(used, "a message");
  sub.receive();
  std::puts(bus.path().c_str());
  std::fflush(stdout);
  char c;
  while (::read(STDIN_FILENO, &c, 1) > 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "poll" && argc == 3) return poll(argv[2]);
  if (what == "publish" && argc == 3) return publish(std::stol(argv[2]));
  if (what == "hold") return hold();
  if (what == "machine") {
    bench::print_machine("publisher anywhere, polling subscriber on CPU 1");
    return 0;
  }
  return 2;
}
