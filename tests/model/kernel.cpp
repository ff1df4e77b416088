// In place of lib/shm.
#include "model/kernel.hpp"

#include "model/arena.hpp"
#include "model/bus_memory.hpp"
#include "model/explorer.hpp"
#include "shm/directory_watch.hpp"
#include "shm/file.hpp"
#include "shm/file_lock.hpp"
#include "shm/futex.hpp"
#include "shm/mapping.hpp"
#include "shm/memory_barrier.hpp"
#include "shm/process.hpp"
#include "shmbus/errc.hpp"

#include <pthread.h>
#include <sched.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace model::kernel {
namespace {

struct byte_lock {
  process_id holder = -1;
  carried knowledge;  // of who let it go
};
constexpr std::size_t most_bytes = 128;
byte_lock bytes[most_bytes];
alarm* alarms[most_processes];

void let_go_of_the_dead(process_id dead)
{
  for (byte_lock& b : bytes) {
    if (b.holder != dead) continue;
    b.holder = -1;
    give_of_process(dead, b.knowledge);
  }
  for (alarm* a : alarms) {
    if (!a || !alive(a->process)) continue;
    ++a->rung;
    wake(a->sleeps_on);
  }
}

}  // namespace

void begin()
{
  for (byte_lock& b : bytes) {
    b.holder = -1;
    memory::clear(b.knowledge);
  }
  for (alarm*& a : alarms) a = nullptr;
  on_kill(let_go_of_the_dead);
}

void add(alarm& a)
{
  a.process = current_process();
  for (alarm*& place : alarms) {
    if (place) continue;
    place = &a;
    return;
  }
  std::abort();
}

void remove(alarm& a) noexcept
{
  for (alarm*& place : alarms)
    if (place == &a) place = nullptr;
}

}  // namespace model::kernel

using namespace model;

namespace shmbus::shm {

// Files: there are none but the two of the bus, which are memory.
std::error_code system_error(int) noexcept { return errc::corrupt; }
std::error_code last_error() noexcept { return errc::corrupt; }
void file::close() noexcept { descriptor_ = -1; }
file open_at(int, const char*, int, ::mode_t, std::error_code& ec) noexcept
{
  ec = errc::corrupt;
  return {};
}
file_identity identity(const file&, std::error_code&) noexcept { return {}; }
file_identity identity_at(int, const char*, std::error_code&) noexcept { return {}; }
void reserve(const file&, std::uint64_t, std::uint64_t, std::error_code& ec) noexcept
{
  ec.clear();
}
void rename_exclusive(int, const char*, const char*, std::error_code&) noexcept {}

mapping::mapping(const file& f, std::size_t size, access, std::error_code& ec) noexcept
    : begin_(f.descriptor() == bus_memory::control_descriptor ? bus_memory::control()
                                                              : bus_memory::data()),
      size_(size)
{
  ec.clear();
}
mapping::~mapping() = default;

// Deaths come by the kernel's alarms, but who asks for a descriptor gets one.
directory_watch::directory_watch(const char*, std::error_code& ec) noexcept
    : inotify_(bus_memory::alarm_descriptor)
{
  ec.clear();
}
bool directory_watch::drain() noexcept { return true; }

// Locks. Each is a step; who takes one knows what the one who let it go knew.
bool file_lock::try_lock(std::uint64_t byte)
{
  auto& b = kernel::bytes[byte];
  if (exploring()) step(true);
  const bool done = b.holder == -1;
  if (tracing()) trace("lock     byte %lu: %s", byte, done ? "done" : "refused");
  if (!done) return false;
  b.holder = current_process();
  if (exploring()) memory::take(current_fiber(), b.knowledge);
  return true;
}

void file_lock::unlock(std::uint64_t byte) noexcept
{
  auto& b = kernel::bytes[byte];
  if (exploring()) step(true);
  if (b.holder != current_process()) return;
  if (tracing()) trace("unlock   byte %lu", byte);
  b.holder = -1;
  if (exploring()) memory::give(current_fiber(), b.knowledge);
}

bool file_lock::held_by_anyone(std::uint64_t byte) const noexcept
{
  auto& b = kernel::bytes[byte];
  if (exploring()) step(false);
  if (tracing()) trace("asks     byte %lu: %s", byte, b.holder != -1 ? "held" : "free");
  if (b.holder != -1) return true;
  if (exploring()) memory::take(current_fiber(), b.knowledge);
  return false;
}

bool file_lock::try_lock_shared(std::uint64_t) noexcept { return true; }
bool file_lock::try_lock_exclusive(std::uint64_t) noexcept { return false; }
void file_lock::unlock_shared(std::uint64_t) noexcept {}
void file_lock::abandon() noexcept {}

// Futexes. The kernel compares with the newest value.
wait_result futex_wait(const std::uint32_t* word, std::uint32_t expected,
                       const deadline& until) noexcept
{
  if (!exploring()) return wait_result::woken;
  step(false);
  if (memory::newest(word, sizeof(*word)) != expected) return wait_result::woken;
  const auto at = until ? static_cast<std::uint64_t>(until->time_since_epoch().count()) : never;
  return block(word, at) ? wait_result::woken : wait_result::timed_out;
}

void futex_wake_all(const std::uint32_t* word) noexcept
{
  if (!exploring()) return;
  step(true);
  if (tracing()) trace("futex wake");
  wake(word);
}

void futex_wait_private(const std::uint32_t* word, std::uint32_t expected) noexcept
{
  futex_wait(word, expected, std::nullopt);
}
void futex_wake_one_private(const std::uint32_t* word) noexcept { futex_wake_all(word); }

void prepare_barriers() noexcept {}

bool barrier_on_all_threads() noexcept
{
  if (exploring()) {
    step(true);
    barrier_on_process();
  }
  return true;
}

// Who is stopped here goes on before anybody audits.
process_state look_up_process(std::uint32_t) { return {}; }

}  // namespace shmbus::shm

// Time passes by steps, and when nobody can go on.
std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept
{
  return time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(now_ns())}};
}

// The C library's, which the standard library's mutexes and waits are made of.
extern "C" {

int sched_yield() noexcept
{
  if (exploring()) yield();
  return 0;
}

int nanosleep(const ::timespec*, ::timespec*) { return sched_yield(); }

int pthread_mutex_lock(::pthread_mutex_t* m) noexcept
{
  if (exploring()) lock_mutex(m);
  return 0;
}
int pthread_mutex_unlock(::pthread_mutex_t* m) noexcept
{
  if (exploring()) unlock_mutex(m);
  return 0;
}

}  // extern "C"
