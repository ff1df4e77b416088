#pragma once

#include "shmbus/client_info.hpp"
#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/errc.hpp"

#include <filesystem>
#include <memory>
#include <system_error>

namespace shmbus {

namespace core {
class bus;
}  // namespace core

namespace sync {

class readiness_group;

/// One process's handle on a bus. Opens it, or makes it, by name; no daemon is involved.
///
/// The bus lives as long as somebody has it open; the last one out removes it. Publishers,
/// subscribers, messages and loans keep what they need, so they may outlive the broker object.
/// Threads: all functions may be called at the same time, except moving and destroying.
class SHMBUS_API broker {
public:
  /// Opens or makes the bus.
  ///
  /// Errors   errc::invalid_name, invalid_config, no_such_directory, no_such_bus, already_exists,
  ///          permission_denied, no_space, config_mismatch, version_mismatch, corrupt;
  ///          errc::busy if another process was stuck for a second while it removed the bus
  explicit broker(broker_config config = {});
  /// The same without exceptions: not is_open() afterwards if `ec` is set.
  broker(broker_config config, std::error_code& ec);

  /// Whether it has a bus: false only after a constructor that set its `ec`.
  bool is_open() const noexcept { return bus_ != nullptr; }

  /// The limits in force: those of the process that made the bus.
  const broker_config& config() const noexcept;

  /// The folder of the bus.
  const std::filesystem::path& path() const noexcept;

  /// Who is on the bus and what it uses. Reads shared memory; takes no client slot.
  bus_info info() const;

  /// Looks for dead clients now and takes back what they held; returns how many it found. Every
  /// slow path does this by itself.
  std::size_t recover();

  /// A descriptor that is readable while any subscriber of this broker has a message; otherwise like
  /// subscriber::native_handle(). Covers the subscribers that are made after the first call.
  int native_handle();
  int native_handle(std::error_code& ec);  ///< -1 if `ec` is set

  /// For the layers above; not for applications.
  const std::shared_ptr<readiness_group>& readiness() const noexcept { return readiness_; }
  /// For the layers above; not for applications.
  const std::shared_ptr<core::bus>& implementation() const noexcept { return bus_; }

private:
  std::shared_ptr<core::bus> bus_;
  std::shared_ptr<readiness_group> readiness_;
};

}  // namespace sync
}  // namespace shmbus
