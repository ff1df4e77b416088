#include "shm/directory_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

namespace shmbus::shm {

directory_watch::directory_watch(const char* path, std::error_code& ec) noexcept
    : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
{
  if (!inotify_) {
    ec = last_error();
    return;
  }
  if (::inotify_add_watch(inotify_.descriptor(), path, IN_CLOSE | IN_MOVE_SELF) < 0) {
    ec = last_error();
    inotify_.close();
    return;
  }
  ec.clear();
}

bool directory_watch::drain() noexcept
{
  alignas(::inotify_event) char events[4096];
  bool any = false;
  while (::read(inotify_.descriptor(), events, sizeof events) > 0) any = true;
  return any;
}

}  // namespace shmbus::shm
