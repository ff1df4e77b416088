#pragma once

#include "core/atomic.hpp"
#include "shm/futex.hpp"
#include "shm/single_threaded.hpp"

#include <cstdint>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace shmbus::core {

/// The lock that the threads of one publisher share: one atomic read-modify-write for both sides,
/// and none in a process of one thread.
///
/// Letting go is a plain store; the fence that must follow it, to learn of sleepers, is the same
/// one that publishing needs between its slots and its look at the bells.
class publish_lock {
public:
  [[gnu::always_inline]] void lock() noexcept
  {
    // Nobody to share it with: a store keeps the word right for when threads come.
    if (shm::single_threaded() && held_.load(std::memory_order_relaxed) == 0) {
      held_.store(1, std::memory_order_relaxed);
      return;
    }
    std::uint32_t free = 0;
    // acquire: pairs with the release in unlock().
    if (!held_.compare_exchange_strong(free, 1, std::memory_order_acquire)) lock_slowly();
  }

  /// Lets go and executes a seq_cst fence.
  [[gnu::always_inline]] void unlock() noexcept
  {
    held_.store(0, std::memory_order_release);
    // Pairs with the increment in lock_slowly(): the sleeper counts itself, then the kernel looks
    // at the lock; we free the lock, then look at the count. One sees the other.
    fence(std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_relaxed) != 0) shm::futex_wake_one_private(address());
  }

private:
  void lock_slowly() noexcept
  {
    for (int i = 0; i < 64; ++i) {
      pause();
      if (try_lock()) return;
    }
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (!try_lock()) shm::futex_wait_private(address(), 1);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }
  bool try_lock() noexcept
  {
    std::uint32_t free = 0;
    return held_.compare_exchange_strong(free, 1, std::memory_order_acquire);
  }
  static void pause() noexcept
  {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
  const std::uint32_t* address() const noexcept
  {
    return reinterpret_cast<const std::uint32_t*>(&held_);
  }

  atomic<std::uint32_t> held_{0};
  atomic<std::uint32_t> sleepers_{0};
};

}  // namespace shmbus::core
