#pragma once

#include "command/top/picture.hpp"

#include <string>

namespace shmbus::command {

/// A picture for those who don't look at it on a screen: as tables, or as an object.
std::string as_tables(const picture& p);
std::string as_json(const picture& p, const std::string& bus);

}  // namespace shmbus::command
