#pragma once

#include "core/atomic.hpp"

#include <cstdint>

// In a build for tests of death, each write to shared memory is a place to die at: crash_point() is
// called before it, with the place in the source. Elsewhere there is nothing of this.
#ifdef SHMBUS_CRASH_POINTS
#include <source_location>
namespace shmbus::core {
void crash_point(const std::source_location& where) noexcept;
}
#define SHMBUS_PLACE , std::source_location where = std::source_location::current()
#define SHMBUS_CRASH_POINT() ::shmbus::core::crash_point(where)
#else
#define SHMBUS_PLACE
#define SHMBUS_CRASH_POINT() static_cast<void>(0)
#endif

namespace shmbus::core {

/// A word of memory that several processes read and write.
///
/// All of it is here and nowhere else: what lies in a bus is made of these, so a word is loaded
/// once, with an order that is spelled out, and checked before use. Every order is an argument, so
/// that the place where it is used can say which access it pairs with.
template <class T>
class shared_word {
public:
  T load(std::memory_order order) const noexcept { return value_.load(order); }
  void store(T value, std::memory_order order SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    value_.store(value, order);
  }
  T exchange(T value, std::memory_order order SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    return value_.exchange(value, order);
  }
  T fetch_add(T value, std::memory_order order SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    return value_.fetch_add(value, order);
  }
  T fetch_or(T value, std::memory_order order SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    return value_.fetch_or(value, order);
  }
  T fetch_and(T value, std::memory_order order SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    return value_.fetch_and(value, order);
  }

  /// On failure `expected` is what stood there, loaded relaxed: to be tried again, not to be used.
  bool compare_exchange(T& expected, T desired, std::memory_order success SHMBUS_PLACE) noexcept
  {
    SHMBUS_CRASH_POINT();
    return value_.compare_exchange_strong(expected, desired, success, std::memory_order_relaxed);
  }

  /// For the kernel, which sleeps on it.
  const T* address() const noexcept { return reinterpret_cast<const T*>(&value_); }

private:
  static_assert(atomic<T>::is_always_lock_free && sizeof(atomic<T>) == sizeof(T));
  atomic<T> value_;
};

using shared_u32 = shared_word<std::uint32_t>;
using shared_u64 = shared_word<std::uint64_t>;

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

}  // namespace shmbus::core
