#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace torture {

/// Memory that the driver and all its children see, besides any bus: what a killed child did is known.
struct arena {
  static constexpr std::size_t most_children = 128;

  /// What one child did, also if it was killed.
  struct figures {
    std::atomic<std::uint64_t> published;
    std::atomic<std::uint64_t> received;
    std::atomic<std::uint64_t> lost;
    std::atomic<std::uint64_t> refused;        // calls that gave an error
    std::atomic<std::uint64_t> slowest_ns;     // of the calls that never wait
    std::atomic<std::uint64_t> call_began_ns;  // 0: not in a call
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

private:
  arena::figures& figures_;
  std::uint64_t began_;
};

}  // namespace torture
