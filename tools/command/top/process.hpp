#pragma once

#include "core/observe.hpp"
#include "shm/process.hpp"
#include "shmbus/message.hpp"

#include <cstdint>
#include <filesystem>
#include <map>

namespace shmbus::command {

/// Looks clients' processes up in /proc.
///
/// A client's pid is the one that it sees itself. In another pid namespace that number is another
/// process here, or none: so the process counts only if it has the bus mapped.
class process_table {
public:
  shm::process_state look_up(const std::filesystem::path& bus, const core::observed_client& c);

private:
  bool has_mapped(std::uint32_t pid, const std::filesystem::path& bus) const;

  std::map<client_id, bool> known_;  // whether it is the one
};

}  // namespace shmbus::command
