#pragma once

#include <cstdint>

namespace shmbus::shm {

/// Whether a process is stopped, by a signal or a debugger. False too if there is none of that number
/// in this process's pid namespace. Opens a file of /proc.
bool is_stopped(std::uint32_t pid) noexcept;

}  // namespace shmbus::shm
