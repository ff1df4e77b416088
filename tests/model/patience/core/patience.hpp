#pragma once

#include <cstdint>

/// In place of lib/core/patience.hpp: what a reader does after 256 looks it does here after two, or
/// as many as `model --patience=N` says; and who waits a thousand times does it ten times.
namespace shmbus::core {

inline constexpr std::uint32_t turns = 1;
inline std::uint32_t patience = 2;
inline constexpr int attempts_to_open = 10;

}  // namespace shmbus::core
