#pragma once

#include "core/atomic.hpp"
#include "core/layout.hpp"
#include "shm/single_threaded.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shmbus::core {

/// Memory of this process for one message that was copied out of the bus.
struct alignas(cache_line) own_block {
  own_block* next;
  std::size_t capacity;

  std::byte* bytes() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};
static_assert(sizeof(own_block) == cache_line);

/// Memory of a subscriber's own for messages that were copied out of the bus, since they were small
/// or their publisher is gone. Small blocks are used again, the one freed last first.
///
/// Threads: take(), held() and finish() by the one thread that receives; blocks may be given back on
/// any thread, also after finish().
class own_messages {
public:
  own_messages() noexcept = default;
  ~own_messages();
  own_messages(const own_messages&) = delete;
  own_messages& operator=(const own_messages&) = delete;

  /// Null if this process has no memory left.
  own_block* take(std::size_t capacity) noexcept
  {
    ++held_;
    if (capacity > small_message::capacity || !free_) return take_slowly(capacity);
    own_block* b = free_;
    free_ = b->next;
    return b;
  }

  /// True if it was the last one after finish(): the caller then ends what finish() kept.
  bool give_back(own_block& b) noexcept
  {
    if (!shm::single_threaded() || finished_ || b.capacity != small_message::capacity)
      return give_back_slowly(b);
    b.next = free_;
    free_ = &b;
    --held_;
    return false;
  }

  /// Blocks that were taken and not given back.
  std::size_t held() noexcept
  {
    collect(returned_.exchange(nullptr, std::memory_order_acquire));
    return held_;
  }

  /// Nothing will be taken any more. True if nothing is held; else the give_back() of the last one
  /// says so.
  bool finish() noexcept;

private:
  own_block* take_slowly(std::size_t capacity) noexcept;
  bool give_back_slowly(own_block& b) noexcept;
  void collect(own_block* list) noexcept;
  static own_block* end_mark() noexcept;
  static void destroy(own_block* b) noexcept;

  // Of the thread that receives.
  own_block* free_ = nullptr;
  std::size_t held_ = 0;
  bool finished_ = false;

  // Given back by other threads; the end mark after finish().
  alignas(cache_line) atomic<own_block*> returned_{nullptr};
  atomic<std::int64_t> left_{0};  // held at finish() less those given back since
};

}  // namespace shmbus::core
