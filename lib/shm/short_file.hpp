#pragma once

#include <cstdint>
#include <system_error>

namespace shmbus::shm {

/// From now on, who reads a mapped file behind its end finds zeros there; the system's way is to
/// kill it with SIGBUS. For those who look at files that others may cut short.
void read_zeros_behind_the_end(std::error_code& ec) noexcept;

/// How many pages of zeros that took so far.
std::uint64_t pages_behind_the_end() noexcept;

}  // namespace shmbus::shm
