#include "core/death_watch.hpp"

#include "core/bus.hpp"
#include "core/recovery.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <new>

namespace shmbus::core {
namespace {

int ms_until(std::chrono::steady_clock::time_point t) noexcept
{
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(t - std::chrono::steady_clock::now());
  return std::max(static_cast<int>(left.count()), 0);
}

}  // namespace

std::unique_ptr<death_watch> death_watch::start(bus& b, std::error_code& ec)
{
  // One file is enough, and one event for most deaths.
  shm::directory_watch watch((b.path() / "lock").c_str(), ec);
  if (ec) return nullptr;
  shm::file stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) {
    ec = shm::last_error();
    return nullptr;
  }
  std::unique_ptr<death_watch> made(new death_watch(b, std::move(watch), std::move(stop)));
  // The application's signals are for its own threads.
  ::sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    made->thread_ = std::thread([w = made.get()] { w->run(); });
  } catch (const std::system_error& e) {
    ec = e.code();
    made = nullptr;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

death_watch::~death_watch()
{
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(stop_.descriptor(), &one, sizeof one);
  thread_.join();
}

void death_watch::abandon() noexcept
{
  // To join or detach it would touch what the thread left behind in the parent.
  ::new (static_cast<void*>(&thread_)) std::thread;
}

void death_watch::run()
{
  ::pthread_setname_np(::pthread_self(), "shmbus-deaths");
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds others_have(1);
  sweep_stand_in stand_in;
  constexpr auto never = clock::time_point::max();
  auto due = never;
  while (true) {
    const event e = wait(due == never ? -1 : ms_until(due));
    if (e == event::stop) return;
    if (clock::now() >= due) due = stand_in.look(bus_) ? clock::now() + others_have : never;
    bus_.heirs().inherit();
    if (e == event::nothing) continue;
    watch_.drain();
    const sweep_turn turn(bus_);
    if (!turn) {
      // A subscriber that does not receive just now is told of nothing, and may be an heir.
      const bool wanted = bus_.heirs().any_idle() || is_deputy(bus_);
      if (wanted && stand_in.alarm()) due = clock::now() + others_have;
      continue;
    }
    // The kernel tells of a closed file just before it lets its locks go, and where many die at once
    // it takes a while.
    sweep(bus_);
    for (int ms = 1; ms <= 64; ms *= 2) {
      const event next = wait(ms);
      if (next == event::stop) return;
      if (next == event::alarm) {
        watch_.drain();
        ms = 1;
      }
      sweep(bus_);
    }
    bus_.heirs().inherit();
  }
}

death_watch::event death_watch::wait(int timeout_ms) noexcept
{
  ::pollfd p[2] = {{stop_.descriptor(), POLLIN, 0}, {watch_.descriptor(), POLLIN, 0}};
  const int n = ::poll(p, 2, timeout_ms);
  if (p[0].revents & POLLIN) return event::stop;
  return n > 0 ? event::alarm : event::nothing;
}

}  // namespace shmbus::core
