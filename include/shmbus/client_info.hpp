#pragma once

#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/message.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace shmbus {

/// One client of a bus, as seen from outside.
struct client_info {
  client_id id;            ///< as message::publisher() names it
  bool publisher = false;  ///< else a subscriber
  /// "live", "leaving", "dying", "orphan" (a publisher that is gone, with unread messages), "reclaim"
  std::string state;
  ::pid_t pid = 0;  ///< as the client saw itself: another pid namespace has other numbers
  std::uint32_t queue_capacity = 0;  ///< of a subscriber: subscriber_options::queue_capacity
  std::uint32_t max_held = 0;        ///< of a subscriber: subscriber_options::max_held
  /// Of a subscriber: what happens when its queue is full.
  shmbus::overflow overflow = shmbus::overflow::drop_oldest;
  std::vector<std::string> patterns;  ///< of a subscriber: what it is subscribed to
  /// Of an orphan: the subscribers that have yet to receive what it published. It keeps its
  /// place on the bus until they have.
  std::vector<client_id> unread_by;
};

/// What a bus is made of and who is on it: a picture that may be out of date when it is read.
struct bus_info {
  std::filesystem::path path;            ///< the folder of the bus
  broker_config config;                  ///< the limits in force
  std::vector<client_info> clients;      ///< everybody who holds a place
  std::uint64_t message_bytes_used = 0;  ///< leased by publishers
  std::uint64_t control_bytes_used = 0;  ///< lanes, directories, patterns
  std::uint64_t file_bytes = 0;          ///< what the bus takes of the file system
};

/// One bus found in a directory.
struct bus_entry {
  std::string name;     ///< what broker_config::name has to be to open it
  bool in_use = false;  ///< some process has it open, or we may not look whether one has
};

/// The directory that a configuration without one means: `$SHMBUS_DIR`, `$SHMBUS_DIRECTORY`, or else
/// `/dev/shm/shmbus.UID` with the number of the user.
SHMBUS_API std::filesystem::path default_directory();

/// The buses in `directory` (empty: the default one). A default directory that does not exist yet
/// holds none; any other gives errc::no_such_directory.
SHMBUS_API std::vector<bus_entry> list_buses(const std::filesystem::path& directory,
                                             std::error_code& ec);
/// The same; throws `error` instead.
SHMBUS_API std::vector<bus_entry> list_buses(const std::filesystem::path& directory = {});

}  // namespace shmbus
