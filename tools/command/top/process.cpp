#include "command/top/process.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

namespace shmbus::command {

shm::process_state process_table::look_up(const std::filesystem::path& bus,
                                          const core::observed_client& c)
{
  auto place = known_.find(c.id);
  if (place == known_.end()) place = known_.emplace(c.id, has_mapped(c.pid, bus)).first;
  if (!place->second) return {};
  return shm::look_up_process(c.pid);
}

// "7f12a000-7f12b000 rw-s 00000000 00:19 4711    /dev/shm/..."
bool process_table::has_mapped(std::uint32_t pid, const std::filesystem::path& bus) const
{
  struct stat control;
  if (::stat((bus / "control").c_str(), &control) != 0) return false;
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, rights, offset, device, inode;
    words >> range >> rights >> offset >> device >> inode;
    if (inode == std::to_string(control.st_ino) && line.ends_with("/control")) return true;
  }
  return false;
}

}  // namespace shmbus::command
