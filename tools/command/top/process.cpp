#include "command/top/process.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace shmbus::command {
namespace {

std::string proc_file(std::uint32_t pid, const char* name)
{
  return "/proc/" + std::to_string(pid) + "/" + name;
}

}  // namespace

process_state parse_stat(const std::string& stat)
{
  // The name may hold anything, also ')'.
  const auto begin = stat.find('(');
  const auto end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  const char state = end + 2 < stat.size() ? stat[end + 2] : '?';
  return {stat.substr(begin + 1, end - begin - 1), state == 'T' || state == 't'};
}

process_state process_table::look_up(const std::filesystem::path& bus,
                                     const core::observed_client& c)
{
  auto place = known_.find(c.id);
  if (place == known_.end()) place = known_.emplace(c.id, has_mapped(c.pid, bus)).first;
  if (!place->second) return {};
  std::ifstream file(proc_file(c.pid, "stat"));
  return parse_stat({std::istreambuf_iterator<char>(file), {}});
}

// "7f12a000-7f12b000 rw-s 00000000 00:19 4711    /dev/shm/..."
bool process_table::has_mapped(std::uint32_t pid, const std::filesystem::path& bus) const
{
  struct stat control;
  if (::stat((bus / "control").c_str(), &control) != 0) return false;
  std::ifstream maps(proc_file(pid, "maps"));
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, rights, offset, device, inode;
    words >> range >> rights >> offset >> device >> inode;
    if (inode == std::to_string(control.st_ino) && line.ends_with("/control")) return true;
  }
  return false;
}

}  // namespace shmbus::command
