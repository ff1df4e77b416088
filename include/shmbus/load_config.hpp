#pragma once

#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/errc.hpp"

#include <filesystem>
#include <string>
#include <system_error>

namespace shmbus {

/// Which file to read, and for which bus.
struct config_source {
  /// This file, which must exist; empty: the first of these that exists, or none:
  /// `$SHMBUS_CONFIG` (which must exist if it is set), `$XDG_CONFIG_HOME/shmbus/shmbus.toml` or
  /// `~/.config/shmbus/shmbus.toml`, `/etc/shmbus/shmbus.toml`.
  std::filesystem::path file{};
  /// The name of the bus, whatever the file and `$SHMBUS_NAME` say; empty: what they say.
  std::string bus{};
};

/// The configuration of a bus as those who run a program want it, instead of those who wrote it:
///
///   shmbus::broker bus{io, shmbus::load_config()};
///
/// A field has the value of its variable (`SHMBUS_MAX_CLIENTS` for `max_clients`), else of its key
/// in the table `[bus.NAME]` of the file, else of its key at the top of the file, else its default.
/// docs/guide/configuration.md lists all of them. Nothing is read again later.
///
/// Errors   errc::invalid_config: a key that does not exist or a value that cannot be, with the
///          file, line and column, or the variable, in what() of the exception; the system's if the
///          file cannot be read
/// Threads  safe at any time, as long as nobody changes the environment
SHMBUS_API broker_config load_config(const config_source& source = {});
/// The same without exceptions.
SHMBUS_API broker_config load_config(std::error_code& ec);
/// The same without exceptions.
SHMBUS_API broker_config load_config(const config_source& source, std::error_code& ec);

/// From this file, and the environment.
SHMBUS_API broker_config load_config(const std::filesystem::path& file);
/// The same without exceptions.
SHMBUS_API broker_config load_config(const std::filesystem::path& file, std::error_code& ec);

/// The same for a subscriber: the table `[subscriber]`, `SHMBUS_SUBSCRIBER_QUEUE_CAPACITY`, ...
SHMBUS_API subscriber_options load_subscriber_options(const config_source& source = {});
/// The same without exceptions.
SHMBUS_API subscriber_options load_subscriber_options(const config_source& source,
                                                      std::error_code& ec);

/// The same for a publisher: the table `[publisher]`, `SHMBUS_PUBLISHER_TIMESTAMPS`.
SHMBUS_API publisher_options load_publisher_options(const config_source& source = {});
/// The same without exceptions.
SHMBUS_API publisher_options load_publisher_options(const config_source& source,
                                                    std::error_code& ec);

}  // namespace shmbus
