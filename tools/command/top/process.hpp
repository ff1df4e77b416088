#pragma once

#include "core/observe.hpp"
#include "shmbus/message.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace shmbus::command {

/// What the system knows of the process that a client says it is.
struct process_state {
  std::string name;      ///< empty: there is no such process here, or it is not ours to see
  bool stopped = false;  ///< by a signal or a debugger
};

/// Looks clients' processes up in /proc.
///
/// A client's pid is the one that it sees itself. In another pid namespace that number is another
/// process here, or none: so the process counts only if it has the bus mapped.
class process_table {
public:
  process_state look_up(const std::filesystem::path& bus, const core::observed_client& c);

private:
  bool has_mapped(std::uint32_t pid, const std::filesystem::path& bus) const;

  std::map<client_id, bool> known_;  // whether it is the one
};

/// From /proc/PID/stat: "77 (a name) T 1 ...".
process_state parse_stat(const std::string& stat);

}  // namespace shmbus::command
