#pragma once

#include "shmbus/config.hpp"

#include <string>

namespace torture {

/// Makes a bus of its own, and does everything with another one that a client can do, one after the
/// other; goes on after an error. Exit status 0: whatever failed, a message that was said to be
/// published was received, and no other one.
int use_all(const shmbus::broker_config& config, const std::string& own_name);

/// What is in the directory besides the bus, when the next one has taken away what a failed removal of
/// that own bus left.
std::string left_beside(const shmbus::broker_config& config, const std::string& own_name);

}  // namespace torture
