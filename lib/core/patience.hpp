#pragma once

#include <cstdint>

/// How long a subscriber stays with a publisher; its own header, so that the model can have less.
namespace shmbus::core {

/// Messages from one publisher in a row while others wait too.
inline constexpr std::uint32_t turns = 16;

/// Looks at a lane without a message before it has to ring for us anew.
inline constexpr std::uint32_t patience = 256;

}  // namespace shmbus::core
