#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace torture {

/// A new zeroed T in memory that this process and its children share, and that stays.
template <class T>
T& make_shared_by_children()
{
  void* p = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) std::abort();
  return *new (p) T{};
}

/// Memory that the driver and all its children see, besides any bus: what a killed child did is known.
struct arena {
  static constexpr std::size_t most_children = 128;

  /// What one child did, also if it was killed.
  struct figures {
    std::atomic<std::uint64_t> published;
    std::atomic<std::uint64_t> received;
    std::atomic<std::uint64_t> lost;
    std::atomic<std::uint64_t> refused;     // calls that gave an error
    std::atomic<std::uint64_t> slowest_ns;  // of the calls that never wait
  };

  std::atomic<bool> stop;
  std::atomic<std::uint32_t> ready;
  figures of[most_children];
};

/// Made before the first child.
arena& shared_arena();

std::uint64_t now_ns();

/// Notes how long a call took that never waits.
class call_timer {
public:
  explicit call_timer(arena::figures& f);
  ~call_timer();

  std::uint64_t elapsed_ns() const;

private:
  arena::figures& figures_;
  std::uint64_t began_;
};

}  // namespace torture
