#pragma once

#include "config/value.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace shmbus::config {

/// A key of a TOML document with its value, or a table of it.
struct toml_node {
  std::vector<std::string> path;  ///< "bus", "plant", "max_clients"
  bool is_table = false;
  value given;
  unsigned line = 0;
  unsigned column = 0;
};

/// All keys and tables of a document, in the order in which they stand there. `origin` is for
/// messages. Throws `problem`.
std::vector<toml_node> parse_toml(std::string_view document, const std::string& origin);

/// What stands in a file. Throws `problem` with the system's error.
std::string read_file(const std::filesystem::path& file);

}  // namespace shmbus::config
