#include "shm/file_lock.hpp"

#include <fcntl.h>

#include <cerrno>

namespace shmbus::shm {
namespace {

struct flock one_byte(short type, std::uint64_t byte) noexcept
{
  struct flock l {};
  l.l_type = type;
  l.l_whence = SEEK_SET;
  l.l_start = static_cast<::off_t>(byte);
  l.l_len = 1;
  return l;
}

bool set_lock(const file& f, short type, std::uint64_t byte) noexcept
{
  struct flock l = one_byte(type, byte);
  int result;
  do {
    result = ::fcntl(f.descriptor(), F_OFD_SETLK, &l);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace

// When a process ends, the kernel closes its files from the highest number down, and closing an inotify
// instance takes milliseconds, on a busy machine many. So the locks get a number above it, and the
// others notice a death the sooner.
file_lock::file_lock(file f) noexcept : file_(std::move(f))
{
  constexpr int above_most = 512;
  const int raised = ::fcntl(file_.descriptor(), F_DUPFD_CLOEXEC, above_most);
  if (raised >= 0) file_ = file(raised);
}

bool file_lock::try_lock(std::uint64_t byte)
{
  const std::lock_guard guard(mutex_);
  const auto [place, is_new] = held_.insert(byte);
  if (!is_new) return false;
  if (set_lock(file_, F_WRLCK, byte)) return true;
  held_.erase(place);
  return false;
}

void file_lock::unlock(std::uint64_t byte) noexcept
{
  const std::lock_guard guard(mutex_);
  if (held_.erase(byte) != 0) set_lock(file_, F_UNLCK, byte);
}

bool file_lock::held_by_anyone(std::uint64_t byte) const noexcept
{
  struct flock l = one_byte(F_WRLCK, byte);
  int result;
  do {
    // Not F_OFD_GETLK, which would overlook what is held here. To ask through a second description
    // would be one file more that is closed with each process, and so one alarm more for all others.
    result = ::fcntl(file_.descriptor(), F_GETLK, &l);
  } while (result != 0 && errno == EINTR);
  return result != 0 || l.l_type != F_UNLCK;
}

bool file_lock::try_lock_shared(std::uint64_t byte) noexcept
{
  return set_lock(file_, F_RDLCK, byte);
}

bool file_lock::try_lock_exclusive(std::uint64_t byte) noexcept
{
  return set_lock(file_, F_WRLCK, byte);
}

void file_lock::unlock_shared(std::uint64_t byte) noexcept { set_lock(file_, F_UNLCK, byte); }

void file_lock::abandon() noexcept { file_.close(); }

}  // namespace shmbus::shm
