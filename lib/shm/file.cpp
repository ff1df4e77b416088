#include "shm/file.hpp"

#include "shmbus/errc.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace shmbus::shm {

std::error_code system_error(int error_number) noexcept
{
  switch (error_number) {
    case 0: return {};
    case EACCES:
    case EPERM:
    case EROFS: return errc::permission_denied;
    case ENOSPC:
    case EDQUOT: return errc::no_space;
    default: return {error_number, std::system_category()};
  }
}

std::error_code last_error() noexcept { return system_error(errno); }

void file::close() noexcept
{
  // Not retried after EINTR: on Linux the descriptor is gone whatever close() says.
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

file open_at(int directory, const char* name, int flags, ::mode_t mode,
             std::error_code& ec) noexcept
{
  int descriptor;
  do {
    descriptor = ::openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (descriptor < 0 && errno == EINTR);
  ec = descriptor < 0 ? last_error() : std::error_code{};
  return file{descriptor};
}

file_identity identity(const file& f, std::error_code& ec) noexcept
{
  struct stat s;
  if (::fstat(f.descriptor(), &s) != 0) {
    ec = last_error();
    return {};
  }
  ec.clear();
  return {s.st_dev, s.st_ino};
}

file_identity identity_at(int directory, const char* name, std::error_code& ec) noexcept
{
  struct stat s;
  if (::fstatat(directory, name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
    ec = last_error();
    return {};
  }
  ec.clear();
  return {s.st_dev, s.st_ino};
}

void reserve(const file& f, std::uint64_t offset, std::uint64_t size, std::error_code& ec) noexcept
{
  int result;
  do {
    result =
        ::fallocate(f.descriptor(), 0, static_cast<::off_t>(offset), static_cast<::off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) {
    ec.clear();
    return;
  }
  // tmpfs says ENOMEM where the memory limit of a control group is reached.
  ec = errno == ENOMEM ? make_error_code(errc::no_space) : last_error();
}

void rename_exclusive(int directory, const char* from, const char* to, std::error_code& ec) noexcept
{
  const int result = ::renameat2(directory, from, directory, to, RENAME_NOREPLACE);
  ec = result == 0 ? std::error_code{} : last_error();
}

}  // namespace shmbus::shm
