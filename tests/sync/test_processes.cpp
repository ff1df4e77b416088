// Several processes on one bus, and what remains of those that are killed.
#include "peer_process.hpp"
#include "sync/fixture.hpp"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

using namespace shmbus;
using process = test::peer_process;

namespace {

std::uint64_t pages_in_use(const sync::broker& bus)
{
  const bus_info info = bus.info();
  return (info.message_bytes_used + info.control_bytes_used) / 4096;
}

}  // namespace

TEST_CASE("three processes publish to three others, which lose nothing")
{
  const auto config = own_bus();
  sync::broker bus(config);
  std::vector<process> all;
  for (int i = 0; i < 3; ++i) all.push_back(process{"receive", config.name, "/p/*", "30000", "2"});
  sync::publisher probe(bus);
  CHECK(probe.wait_for_subscribers(topic("/p/0"), 3));
  probe.close();
  for (int i = 0; i < 3; ++i)
    all.push_back(process{"publish", config.name, "/p/" + std::to_string(i), "10000"});
  for (auto& p : all) CHECK(p.wait() == 0);
  bus.recover();
  CHECK(pages_in_use(bus) == 0);
  CHECK(bus.info().clients.empty());
}

TEST_CASE("a killed publisher's messages still come, and then its place is free")
{
  const auto config = own_bus();
  sync::broker bus(config);
  sync::subscriber sub(bus, {.queue_capacity = 4096});
  sub.subscribe("/p");
  for (int round = 0; round < 20; ++round) {
    process p{"publish", config.name, "/p", "0"};
    std::uint64_t next = sub.receive().as<std::uint64_t>() + 1;
    p.kill();
    while (const auto m = sub.try_receive()) {
      CHECK(m->as<std::uint64_t>() == next + m->lost_before());
      next = m->as<std::uint64_t>() + 1;
    }
  }
  bus.recover();
  CHECK_FALSE(sub.try_receive());
  bus.recover();
  CHECK(bus.info().clients.size() == 1);
  CHECK(bus.info().message_bytes_used == 0);
}

TEST_CASE("killed clients do not use up a bus")
{
  auto config = own_bus();
  config.max_clients = 6;
  sync::broker bus(config);
  sync::publisher pub(bus);
  const topic t("/p");
  for (int round = 0; round < 60; ++round) {
    process a{"receive", config.name, "/p", "0", std::to_string(round % 3)};
    process b{"receive", config.name, "/#", "0", std::to_string(round % 3)};
    CHECK(pub.wait_for_subscribers(t, 2));
    for (std::uint64_t i = 0; i < 100; ++i) pub.publish(t, i);
    a.kill();
    b.kill();
    while (pub.subscribers(t) != 0) bus.recover();
  }
  CHECK(bus.info().clients.size() == 1);
}

TEST_CASE("a blocked publisher goes on when the one it waits for is killed")
{
  const auto config = own_bus();
  sync::broker bus(config);
  sync::publisher pub(bus);
  const topic t("/p");
  process slow{"receive", config.name, "/p", "1000000000", "2"};
  CHECK(pub.wait_for_subscribers(t, 1));
  std::thread killer([&] { slow.kill(); });
  for (std::uint64_t i = 0; pub.subscribers(t) != 0; ++i) pub.publish(t, i);
  killer.join();
  CHECK(pub.publish(t, std::uint64_t{0}) == 0);
}

TEST_CASE("what killed processes left of a bus is replaced by the next one")
{
  const auto config = own_bus();
  const std::filesystem::path path = default_directory() / config.name;
  {
    process p{"publish", config.name, "/p", "0"};
    while (!std::filesystem::exists(path / "lock")) ::usleep(1000);
  }
  REQUIRE(list_buses().size() == 1);
  CHECK_FALSE(list_buses()[0].in_use);
  auto other = config;
  other.max_clients = 7;  // not those of the dead one
  {
    sync::broker bus(other);
    CHECK(bus.config().max_clients == 7);
    CHECK(bus.info().clients.empty());
  }
  CHECK(list_buses().empty());
}

TEST_CASE("a bus with default limits, a publisher and a subscriber takes less than a MiB")
{
  sync::broker bus({.name = "default-limits"});
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/#");
  pub.publish(topic("/t"), "x");
  CHECK(bus.info().file_bytes < (1 << 20));
}

TEST_CASE("a child of fork is told so, and the parent goes on")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  const ::pid_t child = ::fork();
  if (child == 0) {
    std::error_code ec;
    pub.try_publish(topic("/t"), "from the child", ec);
    int wrong = ec == errc::forked ? 0 : 1;
    (void)sub.try_receive(ec);
    wrong += ec == errc::forked ? 0 : 2;
    sync::publisher another(bus, {}, ec);
    wrong += ec == errc::forked ? 0 : 4;
    ::_exit(wrong);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(pub.publish(topic("/t"), "from the parent") == 1);
  CHECK(text_of(sub.try_receive()) == "from the parent");
}

TEST_CASE("a child of fork that lives on does not hide the death of its parent")
{
  sync::broker bus(own_bus());
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const ::pid_t parent = ::fork();
  if (parent == 0) {
    sync::broker own({.name = bus.config().name, .adopt = true});
    const sync::publisher pub(own);
    sync::subscriber sub(own);
    sub.native_handle();
    if (::fork() == 0) {
      // Told by the child: only when its fork() has returned has it let go of the descriptors.
      const ::pid_t child = ::getpid();
      if (::write(pipe[1], &child, sizeof child) != sizeof child) ::_exit(1);
    }
    while (true) ::pause();
  }
  ::pid_t child = 0;
  REQUIRE(::read(pipe[0], &child, sizeof child) == sizeof child);
  REQUIRE(child != 0);
  CHECK(bus.info().clients.size() == 2);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  bus.recover();
  CHECK(bus.info().clients.empty());
  CHECK(::kill(child, SIGKILL) == 0);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE("another user without rights on a bus can do nothing with it")
{
  if (::geteuid() != 0) SKIP_CASE("only root can become another user");
  // Whoever may come as far as to the folder of the bus is stopped there.
  char directory[] = "/tmp/shmbus-rights.XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  REQUIRE(::chmod(directory, 0755) == 0);
  auto config = own_bus();
  config.directory = directory;
  {
    sync::broker bus(config);
    sync::publisher pub(bus);
    sync::subscriber sub(bus);
    sub.subscribe("/p");
    const ::pid_t child = ::fork();
    if (child == 0) {
      const ::uid_t nobody = 65534;
      if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)
        ::_exit(100);
      int wrong = 0;
      std::error_code ec;
      const sync::broker own(config, ec);
      if (ec != errc::permission_denied) wrong |= 1;
      const std::string folder = bus.path();
      if (::rename(folder.c_str(), (folder + "-taken").c_str()) == 0) wrong |= 2;
      if (::open(folder.c_str(), O_RDONLY | O_DIRECTORY) >= 0) wrong |= 4;
      for (const char* file : {"/control", "/data", "/lock"})
        for (const int flags : {O_RDONLY, O_RDWR})
          if (::open((folder + file).c_str(), flags) >= 0 || errno != EACCES) wrong |= 8;
      ::_exit(wrong);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(pub.publish(topic("/p"), "x") == 1);
    CHECK(sub.receive().text() == "x");
  }
  std::filesystem::remove_all(directory);
}

TEST_CASE("a process that only subscribes and writes into a payload dies of it, and harms nobody")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/p");
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    sync::broker own({.name = bus.config().name, .adopt = true});
    sync::subscriber mine(own);
    mine.subscribe("/p");
    const message m = mine.receive();
    *const_cast<char*>(m.text().data()) = '!';
    ::_exit(0);
  }
  CHECK(pub.wait_for_subscribers(topic("/p"), 2));
  const std::string text(200, 'u');  // a small one would be a copy of its own
  CHECK(pub.publish(topic("/p"), text) == 2);
  int status = 0;
  ::waitpid(child, &status, 0);
  const bool died = !WIFEXITED(status) || WEXITSTATUS(status) != 0;  // a sanitizer turns it to exit
  CHECK(died);
  bus.recover();
  CHECK(sub.receive().text() == text);
  CHECK(pub.publish(topic("/p"), "next") == 1);
}
