#include "core/death_watch.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <new>

namespace shmbus::core {

std::unique_ptr<death_watch> death_watch::start(const std::filesystem::path& directory,
                                                std::function<std::size_t()> look,
                                                std::error_code& ec)
{
  shm::directory_watch watch(directory.c_str(), ec);
  if (ec) return nullptr;
  shm::file stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop) {
    ec = shm::last_error();
    return nullptr;
  }
  std::unique_ptr<death_watch> made(
      new death_watch(std::move(watch), std::move(stop), std::move(look)));
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
  while (wait(-1)) {
    watch_.drain();
    // The kernel tells of a closed file just before it lets its locks go, and where many die at once
    // it takes a while.
    bool found = look_() != 0;
    for (int ms = 1; ms <= 64 && !found; ms *= 2) {
      if (!wait(ms)) return;
      watch_.drain();
      found = look_() != 0;
    }
  }
}

// Until there is an event or the time is over; false when it is to stop.
bool death_watch::wait(int timeout_ms) noexcept
{
  ::pollfd p[2] = {{stop_.descriptor(), POLLIN, 0}, {watch_.descriptor(), POLLIN, 0}};
  ::poll(p, 2, timeout_ms);
  return (p[0].revents & POLLIN) == 0;
}

}  // namespace shmbus::core
