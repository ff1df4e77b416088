// Stands between the library and the C library, whose functions of the same names it hides here.
#include "model/calls.hpp"

#include "model/explorer.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace model::calls {
namespace {

constexpr int most_descriptors = 1024;
std::int8_t owner[most_descriptors];  // process + 1 that opened it

void closed_with(process_id dead);

template <class F>
F* real(F*, const char* name)
{
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}
#define MODEL_REAL(name)                         \
  (*[] {                                         \
    static auto* const f = real(&::name, #name); \
    return f;                                    \
  }())

// Before a call.
void call(const char* name, const char* what = "")
{
  if (!exploring()) return;
  const int before = errno;
  step(true);
  if (tracing()) trace("%s %s", name, what);
  errno = before;
}

int opened(int descriptor)
{
  if (current_process() != 0 && descriptor >= 0 && descriptor < most_descriptors)
    owner[descriptor] = static_cast<std::int8_t>(current_process() + 1);
  if (tracing() && exploring() && descriptor < 0) trace("  fails: %d", errno);
  return descriptor;
}

int done(int result)
{
  if (tracing() && exploring() && result < 0) trace("  fails: %d", errno);
  return result;
}

void closed_with(process_id dead)
{
  for (int d = 0; d != most_descriptors; ++d) {
    if (owner[d] != dead + 1) continue;
    owner[d] = 0;
    MODEL_REAL(close)(d);
  }
}

}  // namespace

void begin()
{
  for (int d = 0; d != most_descriptors; ++d) {
    if (owner[d] != 0) MODEL_REAL(close)(d);
    owner[d] = 0;
  }
  on_kill(closed_with);
}

int open_descriptors() noexcept
{
  int n = 0;
  for (int d = 0; d != most_descriptors; ++d) n += owner[d] != 0;
  return n;
}

}  // namespace model::calls

using namespace model;
using namespace model::calls;

std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept
{
  return time_point{std::chrono::nanoseconds{static_cast<std::int64_t>(now_ns())}};
}

extern "C" {

// Whoever tries again and again for a second does it ten times.
int nanosleep(const ::timespec*, ::timespec*)
{
  pass_time(100'000'000);
  if (exploring()) yield();
  return 0;
}

int open(const char* path, int flags, ...)
{
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, ::mode_t);
  va_end(rest);
  call("open", path);
  return opened(MODEL_REAL(open)(path, flags, mode));
}

int openat(int folder, const char* path, int flags, ...)
{
  std::va_list rest;
  va_start(rest, flags);
  const auto mode = va_arg(rest, ::mode_t);
  va_end(rest);
  call("openat", path);
  return opened(MODEL_REAL(openat)(folder, path, flags, mode));
}

int close(int descriptor)
{
  call("close");
  if (descriptor >= 0 && descriptor < most_descriptors) owner[descriptor] = 0;
  return MODEL_REAL(close)(descriptor);
}

int mkdirat(int folder, const char* path, ::mode_t mode) noexcept
{
  call("mkdirat", path);
  return done(MODEL_REAL(mkdirat)(folder, path, mode));
}

int unlinkat(int folder, const char* path, int flags) noexcept
{
  call("unlinkat", path);
  return done(MODEL_REAL(unlinkat)(folder, path, flags));
}

int renameat2(int from, const char* a, int to, const char* b, unsigned flags) noexcept
{
  call("renameat2", b);
  return done(MODEL_REAL(renameat2)(from, a, to, b, flags));
}

int ftruncate(int file, ::off_t size) noexcept
{
  call("ftruncate");
  return MODEL_REAL(ftruncate)(file, size);
}

int fallocate(int file, int mode, ::off_t offset, ::off_t size)
{
  call("fallocate");
  return MODEL_REAL(fallocate)(file, mode, offset, size);
}

int fchmod(int file, ::mode_t mode) noexcept
{
  call("fchmod");
  return MODEL_REAL(fchmod)(file, mode);
}

int fcntl(int file, int command, ...)
{
  std::va_list rest;
  va_start(rest, command);
  if (command == F_DUPFD_CLOEXEC) {  // no step: nobody else sees it
    const int least = va_arg(rest, int);
    va_end(rest);
    return opened(MODEL_REAL(fcntl)(file, command, least));
  }
  auto* argument = va_arg(rest, struct flock*);
  va_end(rest);
  const bool set = command == F_OFD_SETLK;
  call("fcntl", !set                          ? ""
                : argument->l_type == F_WRLCK ? "exclusive"
                : argument->l_type == F_RDLCK ? "shared"
                                              : "unlock");
  return done(MODEL_REAL(fcntl)(file, command, argument));
}

::ssize_t pread(int file, void* to, std::size_t size, ::off_t offset)
{
  call("pread");
  return MODEL_REAL(pread)(file, to, size, offset);
}

::ssize_t pwrite(int file, const void* from, std::size_t size, ::off_t offset)
{
  call("pwrite");
  return MODEL_REAL(pwrite)(file, from, size, offset);
}

int fstat(int file, struct stat* s) noexcept
{
  call("fstat");
  return done(MODEL_REAL(fstat)(file, s));
}

int fstatat(int folder, const char* path, struct stat* s, int flags) noexcept
{
  call("fstatat", path);
  return done(MODEL_REAL(fstatat)(folder, path, s, flags));
}

struct dirent* readdir(::DIR* d)
{
  call("readdir");
  return MODEL_REAL(readdir)(d);
}

int closedir(::DIR* d)
{
  call("closedir");
  owner[::dirfd(d)] = 0;
  return MODEL_REAL(closedir)(d);
}

}  // extern "C"
