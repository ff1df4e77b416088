#include "shm/short_file.hpp"

#include "shm/file.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace shmbus::shm {
namespace {

std::atomic<std::uint64_t> pages{0};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

extern "C" void on_bus_error(int signal, ::siginfo_t* what, void*)
{
  const int error = errno;
  const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  void* page =
      reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(what->si_addr) / size * size);
  // In place of the file's page. mmap is a system call and no more: it may be made here.
  const bool done = what->si_code == BUS_ADRERR &&
                    ::mmap(page, size, PROT_READ | PROT_WRITE,
                           MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
  if (done)
    pages.fetch_add(1, std::memory_order_relaxed);
  else
    ::signal(signal, SIG_DFL);  // it happens again at once, and ends the process
  errno = error;
}

}  // namespace

void read_zeros_behind_the_end(std::error_code& ec) noexcept
{
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ec = ::sigaction(SIGBUS, &action, nullptr) == 0 ? std::error_code{} : last_error();
}

std::uint64_t pages_behind_the_end() noexcept { return pages.load(std::memory_order_relaxed); }

}  // namespace shmbus::shm
