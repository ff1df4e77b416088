#pragma once

#include <atomic>

/// The atomics of this layer, under a name of its own: the model (tests/model) puts a header of the
/// same name before this one, and so decides in which order the accesses of this code happen.
namespace shmbus::core {

template <class T>
using atomic = std::atomic<T>;

inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }

}  // namespace shmbus::core
