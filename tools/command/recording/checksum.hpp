#pragma once

#include "command/recording/format.hpp"

namespace shmbus::recording {

/// XXH3, 64 bits.
std::uint64_t checksum(bytes data) noexcept;

}  // namespace shmbus::recording
