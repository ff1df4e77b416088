#pragma once

#include "shmbus/detail/export.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace shmbus {

/// What this system offers the library, for people who wonder why it does what it does.
struct system_report {
  std::string version;                ///< of the library
  std::string kernel;                 ///< release of the running one
  std::string wakeup;                 ///< "uring" or "thread": how an event loop is woken here
  std::string wakeup_reason;          ///< why that one
  std::string directory;              ///< where buses are
  std::string directory_type;         ///< "tmpfs", or another file system's name
  std::uint64_t directory_free = 0;   ///< bytes
  bool can_watch_deaths = false;      ///< inotify works there
  bool has_membarrier = false;        ///< closing a subscriber is cheap
  std::vector<std::string> problems;  ///< in words, each with what to do about it
};

/// Looks at the running system; asks the kernel, changes nothing. `directory`: where buses are;
/// empty: the default one.
SHMBUS_API system_report examine_system(const std::filesystem::path& directory = {});

}  // namespace shmbus
