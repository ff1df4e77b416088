#pragma once

#include <cstdint>

/// How often who waits looks again; its own header, so that the model can have less.
namespace shmbus::core {

/// Messages from one publisher in a row while others wait too.
inline constexpr std::uint32_t turns = 16;

/// Looks at a lane without a message before it has to ring for us anew.
inline constexpr std::uint32_t patience = 256;

/// Attempts to open a bus, a millisecond apart, before it is busy.
inline constexpr int attempts_to_open = 1000;

}  // namespace shmbus::core
