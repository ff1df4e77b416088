#include "shm/process.hpp"

#include <fstream>
#include <iterator>

namespace shmbus::shm {

process_state parse_stat(const std::string& stat)
{
  // The name may hold anything, also ')'.
  const auto begin = stat.find('(');
  const auto end = stat.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
  const char state = end + 2 < stat.size() ? stat[end + 2] : '?';
  return {stat.substr(begin + 1, end - begin - 1), state == 'T' || state == 't'};
}

process_state look_up_process(std::uint32_t pid)
{
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  return parse_stat({std::istreambuf_iterator<char>(file), {}});
}

}  // namespace shmbus::shm
