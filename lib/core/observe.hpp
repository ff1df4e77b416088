#pragma once

#include "core/bus.hpp"
#include "core/lane_counts.hpp"
#include "core/read_statistics.hpp"
#include "shmbus/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shmbus::core {

/// One client, and what it counts.
struct observed_client {
  client_id id;
  client_role role = client_role::none;
  slot_state state = slot_state::free;
  bool dead = false;  ///< it is gone, and nobody has taken notice yet
  std::uint32_t pid = 0;
  std::uint32_t queue_capacity = 0;
  std::uint32_t max_held = 0;
  std::uint32_t overflow = 0;
  std::vector<std::string> patterns;
  std::optional<publisher_counts> published;
  std::optional<subscriber_counts> received;
  std::uint32_t control_pages = 0;
  std::uint32_t data_pages = 0;
};

/// The whole bus at about one time. All of it is what others wrote: to be shown, not to be used.
struct observation {
  std::chrono::steady_clock::time_point at;
  std::uint64_t buffer_size = 0;
  std::uint32_t max_clients = 0;
  std::uint64_t file_bytes = 0;  ///< what it takes of the file system
  std::vector<observed_client> clients;
  std::vector<lane_counts> lanes;
};

/// Reads what there is to see; writes nothing, holds nothing, tells nobody.
///
/// It takes about a microsecond for each lane and as much for a few topics.
observation observe(const bus& b);

/// What the files of a bus take of the file system.
std::uint64_t file_bytes(const bus& b) noexcept;

/// The state in words: "live", "leaving", "dying", "orphan" (a dead publisher, with messages that
/// somebody has yet to receive), "reclaim"; "corrupt" if it is none.
const char* name_of(slot_state s) noexcept;

}  // namespace shmbus::core
