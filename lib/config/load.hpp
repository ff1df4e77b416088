#pragma once

#include "config/keys.hpp"
#include "config/problem.hpp"
#include "shmbus/load_config.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace shmbus::config {

/// A setting that is not left at its default.
struct origin {
  std::string path;   ///< "subscriber.max_held"
  std::string given;  ///< as it is shown
  std::string where;  ///< "/etc/shmbus/shmbus.toml:3:1", "SHMBUS_MAX_HELD"
};

struct loaded {
  settings values;
  std::filesystem::path file;   ///< empty if there is none
  std::vector<origin> origins;  ///< in the order of keys()
};

/// Where a configuration is looked for if nobody says where it is.
std::vector<std::filesystem::path> usual_files();

/// Environment over file over defaults. Throws `problem`.
loaded load(const config_source& source);

}  // namespace shmbus::config
