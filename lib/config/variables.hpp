#pragma once

#include "config/keys.hpp"

#include <string>
#include <vector>

namespace shmbus::config {

/// A variable of the environment that something of shmbus reads.
struct variable {
  std::string name;
  const key* sets = nullptr;  ///< null if it is no setting
  std::string about;
};

/// All of them. Of two that set the same, the one that counts stands last.
const std::vector<variable>& variables();

/// What the variable is set to; an empty one is as good as none.
std::string variable_value(const std::string& name);

/// Those that begin with SHMBUS_ and that nobody reads, each with advice in words.
std::vector<std::string> unknown_variables();

}  // namespace shmbus::config
