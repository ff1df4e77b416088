#pragma once

#include "core/bus.hpp"
#include "core/lane.hpp"
#include "core/words.hpp"

#include <cstdint>
#include <optional>

namespace shmbus::core {

/// One lane, as somebody sees it who is neither its publisher nor its subscriber.
struct lane_counts {
  lessee publisher;
  lessee subscriber;
  std::uint32_t capacity = 0;
  std::uint64_t sent = 0;  ///< messages that were put into it
  std::uint32_t queued = 0;
  std::uint64_t taken = 0;
  std::uint32_t held = 0;
  std::uint64_t lost = 0;  ///< as far as the subscriber has noticed
};

/// The lane that begins at `place` in the directory of `publisher`, for the client in a slot.
/// Nothing if there is none, it was closed, or nobody reads it any more.
///
/// Of its rings it looks at a few words only, by bisection: each look takes a cache line from those
/// who use it.
std::optional<lane_counts> count_lane(const bus& b, lessee publisher, std::uint32_t subscriber,
                                      place_word place);

}  // namespace shmbus::core
