#include "shm/process.hpp"

#include "shm/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

namespace shmbus::shm {

bool is_stopped(std::uint32_t pid) noexcept
{
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%lu/stat", static_cast<unsigned long>(pid));
  const file stat(::open(path, O_RDONLY | O_CLOEXEC));
  char text[256];
  const auto size = stat ? ::read(stat.descriptor(), text, sizeof text) : 0;
  if (size <= 0) return false;
  // "77 (name) T 1 ...": the name may hold anything, also ')', and is short.
  const std::string_view all(text, static_cast<std::size_t>(size));
  const auto end = all.rfind(')');
  if (end == std::string_view::npos || end + 2 >= all.size()) return false;
  return all[end + 2] == 'T' || all[end + 2] == 't';
}

}  // namespace shmbus::shm
