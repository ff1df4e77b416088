#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace shmbus {

/// What to do if the bus is there, or is not.
enum class open_mode {
  open_or_create,  ///< use the bus that is there, else make it
  create_only,     ///< errc::already_exists if it is there
  open_only,       ///< errc::no_such_bus if it is not
};

/// How a bus is found, and how it is made if it is not there. load_config() takes it from a file and
/// the environment.
///
/// A bus is the folder `directory/name`. The process that makes it decides its limits; one that
/// opens it later with other limits gets errc::config_mismatch, or theirs if `adopt` is set.
struct broker_config {
  /// 1 to 64 ASCII letters, digits, dots, underscores and dashes; not one or two dots alone.
  std::string name = "default";
  /// Empty: default_directory(). Without `$SHMBUS_DIR` or `$SHMBUS_DIRECTORY` that one is made if it is
  /// missing; any other must exist. It should be on a tmpfs.
  std::filesystem::path directory{};
  /// Bytes of message memory, all publishers together. A limit, not a reservation: memory is taken
  /// page by page as it is needed. 64 KiB to 32 GiB.
  std::size_t buffer_size = std::size_t{64} << 20;
  /// Publishers and subscribers together. 2 to 8192; each costs 320 bytes of the bus up to 512
  /// clients, 448 up to 1,024, and so on: it has a bit for each other one, twice.
  std::uint32_t max_clients = 1000;
  /// Patterns that one subscriber may have. 1 to 65536.
  std::uint32_t max_subscriptions_per_client = 100;
  /// Take all of buffer_size from the file system at creation, so that no later call fails with
  /// errc::no_space for want of message memory.
  bool preallocate = false;
  /// Permissions of the files. The folder gets the matching execute bits.
  ::mode_t mode = 0600;
  /// The group that owns the files; empty: the caller's. Use with mode 0660.
  std::string group{};
  /// Whether the bus is to be used as it is, made, or either.
  open_mode open = open_mode::open_or_create;
  /// Accept the limits of a bus that exists, whatever stands above.
  bool adopt = false;
};

/// What happens to a message for a subscriber whose queue is full. The subscriber chooses.
enum class overflow {
  drop_oldest,  ///< the oldest message in the queue gives way (the default)
  drop_newest,  ///< the message that comes is dropped
  block,        ///< back-pressure: publishers wait (`publish`) or fail (`try_publish`)
};

/// What a subscriber wants; limits and defaults in docs/guide/limits.md.
struct subscriber_options {
  /// Messages that may wait, for each publisher. 1 to 65536.
  std::uint32_t queue_capacity = 256;
  /// Messages that may be alive (received and not yet destroyed) at once. 1 to 65536.
  std::uint32_t max_held = 64;
  /// What happens when the queue is full.
  shmbus::overflow overflow = shmbus::overflow::drop_oldest;
  /// How long a receive looks again and again before it sleeps. Costs a CPU for that time.
  std::chrono::nanoseconds spin_for{0};
};

/// What a publisher wants.
struct publisher_options {
  /// Put the time into each message (`message::sent_at()`): one clock read per publish.
  bool timestamps = true;
};

}  // namespace shmbus
