#include "shm/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace shmbus::shm {

wait_result futex_wait(const std::uint32_t* word, std::uint32_t expected,
                       const deadline& until) noexcept
{
  ::timespec at{};
  if (until) {
    const auto since_boot = until->time_since_epoch();
    const auto s = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    at.tv_sec = s.count();
    at.tv_nsec = static_cast<long>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot - s).count());
  }
  // WAIT_BITSET takes an absolute CLOCK_MONOTONIC time, which is what steady_clock counts here.
  const long result = ::syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, until ? &at : nullptr,
                                nullptr, FUTEX_BITSET_MATCH_ANY);
  return result != 0 && errno == ETIMEDOUT ? wait_result::timed_out : wait_result::woken;
}

void futex_wake_all(const std::uint32_t* word) noexcept
{
  ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void futex_wait_private(const std::uint32_t* word, std::uint32_t expected) noexcept
{
  ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void futex_wake_one_private(const std::uint32_t* word) noexcept
{
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace shmbus::shm
