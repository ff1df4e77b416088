#pragma once

#include <string>
#include <vector>

namespace shmbus::command {

/// What about this machine, as it is now, makes figures on these CPUs unlike those of another day or
/// another machine. To be asked before anything is measured.
std::vector<std::string> machine_hints(const std::vector<int>& cpus);

}  // namespace shmbus::command
