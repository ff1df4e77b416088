#include "shm/futex.hpp"
#include "test.hpp"
#include "wake/wakeup.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

using namespace shmbus;
using wake::wakeup;

namespace {

bool readable(int descriptor, int timeout_ms)
{
  ::pollfd p{descriptor, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) == 1;
}
constexpr int watchdog = 30'000;  // a bell takes its time

struct fixture {
  ~fixture() { ::close(alarm); }

  void ring()
  {
    std::atomic_ref(word).fetch_add(1, std::memory_order_seq_cst);
    shm::futex_wake_all(&word);
  }

  alignas(8) std::uint32_t word = 0;
  int alarm = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::error_code ec;
};

// A wakeup of each kind that there is here.
template <class Test>
void with_each(fixture& f, Test test)
{
  std::string why;
  if (auto w = wake::make_uring_wakeup({&f.word, f.alarm}, why)) {
    CHECK(w->name() == std::string("uring"));
    test(*w);
  } else {
    CHECK_FALSE(why.empty());
  }
  auto w = wake::make_thread_wakeup({&f.word, f.alarm}, f.ec);
  REQUIRE(w);
  CHECK(w->name() == std::string("thread"));
  test(*w);
}

}  // namespace

TEST_CASE_FIXTURE(fixture, "wakeup: readable after the word changed, until drained")
{
  with_each(*this, [&](wakeup& w) {
    for (int i = 0; i != 20; ++i) {
      w.watch(word, ec);
      REQUIRE_FALSE(ec);
      w.watch(word, ec);  // twice is once
      CHECK_FALSE(readable(w.descriptor(), 0));
      ring();
      CHECK(readable(w.descriptor(), watchdog));
      CHECK_FALSE(w.drain());
      CHECK_FALSE(readable(w.descriptor(), 0));
    }
  });
}

TEST_CASE_FIXTURE(fixture, "wakeup: a word that had changed before is no reason to sleep")
{
  with_each(*this, [&](wakeup& w) {
    const std::uint32_t before = word;
    ring();
    w.watch(before, ec);
    REQUIRE_FALSE(ec);
    CHECK(readable(w.descriptor(), watchdog));
    w.drain();
  });
}

TEST_CASE_FIXTURE(fixture, "wakeup: the alarm makes it readable too, and stays")
{
  with_each(*this, [&](wakeup& w) {
    w.watch(word, ec);
    REQUIRE(::eventfd_write(alarm, 1) == 0);
    CHECK(readable(w.descriptor(), watchdog));
    CHECK(w.drain());
    CHECK(readable(alarm, 0));
    ::eventfd_t count;
    ::eventfd_read(alarm, &count);
    ring();
    CHECK(readable(w.descriptor(), watchdog));  // the watch was not lost by it
    w.drain();
  });
}

TEST_CASE_FIXTURE(fixture, "wakeup: goes while it watches")
{
  with_each(*this, [&](wakeup& w) {
    w.watch(word, ec);
    CHECK_FALSE(ec);
  });
}

TEST_CASE_FIXTURE(fixture, "wakeup: ringers of another thread are not missed")
{
  with_each(*this, [&](wakeup& w) {
    constexpr std::uint32_t rings = 2000;
    const std::uint32_t first = word;
    std::thread ringer([&] {
      for (std::uint32_t i = 0; i != rings; ++i) ring();
    });
    while (true) {
      const std::uint32_t seen = std::atomic_ref(word).load(std::memory_order_seq_cst);
      if (seen == first + rings) break;
      w.watch(seen, ec);
      REQUIRE_FALSE(ec);
      REQUIRE(readable(w.descriptor(), watchdog));
      w.drain();
    }
    ringer.join();
  });
}

TEST_CASE("futex_wait: woken, too late, or not asleep at all")
{
  alignas(8) std::uint32_t word = 1;
  CHECK(shm::futex_wait(&word, 0, std::nullopt) == shm::wait_result::woken);
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
  while (shm::futex_wait(&word, 1, soon) != shm::wait_result::timed_out) {
  }
  CHECK(std::chrono::steady_clock::now() >= soon);
}

TEST_CASE_FIXTURE(fixture, "wakeup: one alarm after the other, while the word stays as it is")
{
  with_each(*this, [&](wakeup& w) {
    for (int i = 0; i != 5; ++i) {
      w.watch(word, ec);
      REQUIRE_FALSE(ec);
      CHECK_FALSE(readable(w.descriptor(), 0));
      REQUIRE(::eventfd_write(alarm, 1) == 0);
      CHECK(readable(w.descriptor(), watchdog));
      CHECK(w.drain());
      ::eventfd_t count;
      ::eventfd_read(alarm, &count);
    }
    ring();
    CHECK(readable(w.descriptor(), watchdog));
    w.drain();
  });
}
