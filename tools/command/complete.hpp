#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace shmbus::command {

/// What may stand in place of the last of the words behind `shmbus` on a command line: for each a
/// line "WORD\tDESCRIPTION". ":file" and ":directory" stand for what a shell knows by itself, ":bus"
/// for the name of a bus.
std::vector<std::string> completions(CLI::App& app, const std::vector<std::string>& words);

/// For the scripts in tools/completions: prints completions(), with the names of the buses. Says
/// nothing of errors, since nobody asked.
int complete(CLI::App& app, const std::vector<std::string>& words);

}  // namespace shmbus::command
