// Stands between the library and the C library, whose functions of the same names it hides in this
// program.
#include "torture/fail_nth.hpp"

#include "torture/crash_point.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <source_location>

namespace torture {
namespace {

std::atomic<std::uint32_t> wanted{0};
std::atomic<std::uint32_t> made{0};
std::atomic<const char*> failed{""};

[[maybe_unused]] bool fails(const char* name, int error,
                            const std::source_location& where = std::source_location::current())
{
  call_point(where);
  const std::uint32_t n = ++made;
  if (n != wanted) return false;
  failed = name;
  errno = error;
  return true;
}

// The C library's own syscall(), which the one below hides.
template <class... Arguments>
[[maybe_unused]] long make_call(long number, Arguments... arguments)
{
  using function = long (*)(long, ...);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "syscall"));
  return real(number, arguments...);
}

}  // namespace

void fail_nth_call(std::uint32_t n)
{
  made = 0;
  failed = "";
  wanted = n;
}
std::uint32_t calls_made() { return made; }
const char* failed_call() { return failed; }

}  // namespace torture

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using torture::fails;
using torture::make_call;

extern "C" {

int open(const char* path, int flags, ...)
{
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, ::mode_t);
  va_end(rest);
  if (fails("open", EMFILE)) return -1;
  return static_cast<int>(make_call(SYS_openat, AT_FDCWD, path, flags, mode));
}

int openat(int folder, const char* path, int flags, ...)
{
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, ::mode_t);
  va_end(rest);
  if (fails("openat", EMFILE)) return -1;
  return static_cast<int>(make_call(SYS_openat, folder, path, flags, mode));
}

int mkdirat(int folder, const char* path, ::mode_t mode) noexcept
{
  if (fails("mkdirat", ENOSPC)) return -1;
  return static_cast<int>(make_call(SYS_mkdirat, folder, path, mode));
}

int unlinkat(int folder, const char* path, int flags) noexcept
{
  if (fails("unlinkat", EACCES)) return -1;
  return static_cast<int>(make_call(SYS_unlinkat, folder, path, flags));
}

int renameat2(int from, const char* a, int to, const char* b, unsigned flags) noexcept
{
  if (fails("renameat2", EACCES)) return -1;
  return static_cast<int>(make_call(SYS_renameat2, from, a, to, b, flags));
}

int ftruncate(int file, ::off_t size) noexcept
{
  if (fails("ftruncate", ENOSPC)) return -1;
  return static_cast<int>(make_call(SYS_ftruncate, file, size));
}

int fallocate(int file, int mode, ::off_t offset, ::off_t size)
{
  if (fails("fallocate", ENOSPC)) return -1;
  return static_cast<int>(make_call(SYS_fallocate, file, mode, offset, size));
}

int fchmod(int file, ::mode_t mode) noexcept
{
  if (fails("fchmod", EPERM)) return -1;
  return static_cast<int>(make_call(SYS_fchmod, file, mode));
}

int fcntl(int file, int command, ...)
{
  std::va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  if (fails("fcntl", ENOLCK)) return -1;
  return static_cast<int>(make_call(SYS_fcntl, file, command, argument));
}

::ssize_t pread(int file, void* to, std::size_t size, ::off_t offset)
{
  if (fails("pread", EIO)) return -1;
  return make_call(SYS_pread64, file, to, size, offset);
}

::ssize_t pwrite(int file, const void* from, std::size_t size, ::off_t offset)
{
  if (fails("pwrite", ENOSPC)) return -1;
  return make_call(SYS_pwrite64, file, from, size, offset);
}

void* mmap(void* address, std::size_t size, int protection, int flags, int file,
           ::off_t offset) noexcept
{
  if (fails("mmap", ENOMEM)) return MAP_FAILED;
  return reinterpret_cast<void*>(
      make_call(SYS_mmap, address, size, protection, flags, file, offset));
}

int madvise(void* address, std::size_t size, int advice) noexcept
{
  if (fails("madvise", ENOMEM)) return -1;
  return static_cast<int>(make_call(SYS_madvise, address, size, advice));
}

int eventfd(unsigned value, int flags) noexcept
{
  if (fails("eventfd", EMFILE)) return -1;
  return static_cast<int>(make_call(SYS_eventfd2, value, flags));
}

int inotify_init1(int flags) noexcept
{
  if (fails("inotify_init1", EMFILE)) return -1;
  return static_cast<int>(make_call(SYS_inotify_init1, flags));
}

int inotify_add_watch(int file, const char* path, std::uint32_t mask) noexcept
{
  if (fails("inotify_add_watch", ENOSPC)) return -1;
  return static_cast<int>(make_call(SYS_inotify_add_watch, file, path, mask));
}

int poll(::pollfd* files, ::nfds_t count, int timeout)
{
  if (fails("poll", ENOMEM)) return -1;
  return static_cast<int>(make_call(SYS_poll, files, count, timeout));
}

// What has no function of its own: futexes and barriers. None of these fails, and a process can be
// stopped before each.
long syscall(long number, ...) noexcept
{
  std::va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& argument : a) argument = va_arg(rest, long);
  va_end(rest);
  torture::call_point(std::source_location::current());
  return make_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // extern "C"

#endif
