#pragma once

#include "core/geometry.hpp"
#include "shm/file.hpp"
#include "shm/file_lock.hpp"
#include "shmbus/config.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace shmbus::core {

/// Bytes of the file `lock`, each locked by one process.
///
/// life    shared by every handle of the bus; exclusive only for who removes it
/// sweep   whoever asks all the others whether they live
/// then one byte a client and one a bell
inline constexpr std::uint64_t life_byte = 0;
inline constexpr std::uint64_t sweep_byte = 1;
inline constexpr std::uint64_t first_client_byte = 64;

/// What is wrong with a configuration; success if nothing is.
std::error_code check_config(const broker_config& config) noexcept;
/// The same in words: the value, and what it may be. Empty if nothing is wrong.
std::string explain_config(const broker_config& config);
/// Whether files of a bus may have it: the owner reads and writes, others as wanted.
bool valid_mode(::mode_t m) noexcept;
bool valid_bus_name(std::string_view name) noexcept;

/// Where buses are if nobody says it: made when it is needed, any other directory must exist.
std::filesystem::path usual_directory();

/// The files of a bus that is open: LIFE is held shared.
struct bus_files {
  std::filesystem::path path;
  std::unique_ptr<shm::file_lock> lock;
  shm::file control;
  shm::file data;
};

/// Opens the bus of `config`, or makes it. What stands in a bus that exists is not looked at.
///
///   state of the directory                      what open does
///   nothing                                     make it aside, whole, LIFE held; then rename it here
///   there, LIFE free (all users were killed)    remove, start again
///   there, LIFE exclusive (somebody removes)    try again for a second, then errc::busy
///   there, LIFE shared                          take LIFE shared, see that the name still leads here
///   "~" + random (set aside or half made)       swept by the next one that makes a bus, if LIFE is free
bus_files open_bus(const broker_config& config, std::error_code& ec);

/// Opens a bus that is in use for reading alone, without `data`. No lock is held: the bus goes with its
/// last user, and nobody notices who looks. errc::no_such_bus also if nobody has it open.
bus_files open_bus_to_look(const broker_config& config, std::error_code& ec);

/// Whether the name of the bus still leads to these files, and somebody has it open.
bool still_in_use(const bus_files& files) noexcept;

/// Lets LIFE go; the last one out removes the bus.
void close_bus(bus_files& files) noexcept;

/// Removes a bus that nobody has open; with `force` also one that is in use: those who have it open
/// keep what they have, and nobody joins them any more.
/// Errors: errc::busy if it is in use, no_such_bus, no_such_directory, permission_denied, the
/// system's.
void remove_bus(const broker_config& config, bool force, std::error_code& ec);

/// Whether somebody has the bus in `path` open.
bool bus_in_use(const std::filesystem::path& path) noexcept;

}  // namespace shmbus::core
