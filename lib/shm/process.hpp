#pragma once

#include <cstdint>
#include <string>

namespace shmbus::shm {

/// What /proc says of a process.
struct process_state {
  std::string name;      ///< empty: there is no such process here, or it is not ours to see
  bool stopped = false;  ///< by a signal or a debugger
};

/// From /proc/PID/stat: "77 (a name) T 1 ...".
process_state parse_stat(const std::string& stat);

/// The process of that number in this one's pid namespace. Opens a file.
process_state look_up_process(std::uint32_t pid);

}  // namespace shmbus::shm
