#pragma once

#include "core/bus.hpp"

#include <chrono>
#include <cstdint>

namespace shmbus::core {

struct chunk_record;

/// Chunks that are free but rest before they are used again, the one freed first comes back first.
///
/// A chunk that was just read lies in the cache of the processor that read it, and to write it again
/// takes every line of it back. After some megabytes of others it has left that cache for the one that
/// they share, whence a line comes several times as fast. So a publisher that sends that much, and in a
/// short time, goes round in so much memory; all others use again what is still warm in their own cache.
/// Threads: none of its own; the publisher's lock guards it.
class resting_chunks {
public:
  /// Counts a chunk that became free; whether it is to rest.
  bool wants(const bus& b, std::uint64_t bytes) noexcept
  {
    freed_ += bytes;
    if (freed_ >= most) look_at_rate(b);
    return bytes >= smallest && bytes <= limit_ / 8;
  }
  void push(chunk_record& r, std::uint64_t bytes) noexcept;
  /// One that has rested; null: none has.
  chunk_record* pop_rested() noexcept { return bytes_ > limit_ ? pop() : nullptr; }
  /// Memory is short: no chunk rests any more, for a second.
  void stop() noexcept;

  /// Larger than the caches that processors don't share, smaller than the one they do.
  static constexpr std::uint64_t most = std::uint64_t{2} << 20;
  /// With less it would only be more memory: all of it stays in the other cache.
  static constexpr std::uint64_t least = most / 2;
  /// Of one chunk: of the smaller ones, it is not their lines that take the time.
  static constexpr std::uint64_t smallest = 256;

private:
  using clock = std::chrono::steady_clock;
  /// Slower than this many bytes in this time is not worth the memory.
  static constexpr std::chrono::milliseconds in_at_most{20};

  void look_at_rate(const bus& b) noexcept;
  chunk_record* pop() noexcept;

  chunk_record* first_ = nullptr;
  chunk_record* last_ = nullptr;
  std::uint64_t bytes_ = 0;
  std::uint64_t limit_ = 0;
  std::uint64_t freed_ = 0;  // since `since_`
  clock::time_point since_{};
  clock::time_point not_before_{};
};

}  // namespace shmbus::core
