#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace shmbus::command {

/// The manual page shmbus(1), made of what `--help` is made of.
std::string manual(CLI::App& app);

}  // namespace shmbus::command
