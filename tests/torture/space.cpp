#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/record.hpp"
#include "torture/roles.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>

namespace torture {

using namespace shmbus;

namespace {

// Publishes and subscribes on a file system that is nearly full, or becomes so at any moment.
int use_what_is_left(std::uint64_t seed, const std::string& filler)
{
  std::mt19937_64 random(seed);
  const int file = ::open(filler.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const auto fill_up = [&](std::uint64_t left) {
    // All there is, then back what may be used.
    for (std::uint64_t size = 8 << 20; size >= 4096; size /= 2)
      while (::posix_fallocate(file, ::lseek(file, 0, SEEK_END), static_cast<::off_t>(size)) == 0)
        ::lseek(file, 0, SEEK_END);
    const auto end = ::lseek(file, 0, SEEK_END);
    if (::ftruncate(file, std::max<::off_t>(0, end - static_cast<::off_t>(left))) != 0) return;
  };
  const auto is_no_space = [](const std::error_code& ec) {
    if (!ec || ec == errc::no_space) return true;
    std::fprintf(stderr, "%s\n", ec.message().c_str());
    return false;
  };
  fill_up((random() % 160) * 4096);
  broker_config config = new_bus();
  config.max_clients = 16;
  std::error_code ec;
  sync::broker bus(config, ec);
  if (!is_no_space(ec)) return 4;
  if (ec) return 0;
  std::vector<sync::subscriber> subs;
  std::vector<sync::publisher> pubs;
  for (int i = 0; i != 3; ++i) {
    sync::publisher p(bus, {}, ec);
    if (!is_no_space(ec)) return 4;
    if (!ec) pubs.push_back(std::move(p));
    sync::subscriber s(bus, {}, ec);
    if (!is_no_space(ec)) return 4;
    if (!ec) {
      s.subscribe("/#", ec);
      if (!is_no_space(ec)) return 4;
      subs.push_back(std::move(s));
    }
  }
  std::vector<std::byte> payload(200'000);
  bool full = false;
  for (int i = 0; i != 300; ++i) {
    if (i == 100) fill_up(0);
    for (auto& p : pubs) {
      const std::size_t size = random() % (random() % 10 == 0 ? payload.size() : 2000);
      p.try_publish(topic("/space"), std::span<const std::byte>(payload.data(), size), ec);
      if (ec == errc::buffer_full) continue;
      if (!is_no_space(ec)) return 4;
      full = full || ec;
    }
    for (auto& s : subs) {
      while (const auto m = s.try_receive(ec)) {
        std::size_t sum = 0;
        for (const std::byte b : m->payload()) sum += static_cast<std::size_t>(b);
        if (sum != 0) return 5;
      }
      if (ec) return 4;
    }
  }
  if (!audited(bus).empty()) return 6;
  return 0;
}

}  // namespace

int space_mode(const arguments& a)
{
  const std::uint64_t rounds = a.number(0, 100);
  const bool root = ::geteuid() == 0;
  if (::unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    throw skipped{"no right to mount a file system"};
  const std::string directory = std::getenv("SHMBUS_DIR");
  int failures = 0;
  for (std::uint64_t i = 0; i != rounds && failures == 0; ++i) {
    if (::mount("none", directory.c_str(), "tmpfs", 0, "size=8m") != 0)
      throw skipped{"no right to mount a file system"};
    child c([&] { return use_what_is_left(i, directory + "/~filler"); });
    const std::string how = c.wait_for(60);
    if (!how.empty()) {
      ++failures;
      std::printf("round %lu: %s\n", i, how.c_str());
    }
    ::umount2(directory.c_str(), MNT_DETACH);
  }
  std::printf("%lu file systems filled\n", rounds);
  return failures;
}

}  // namespace torture
