#pragma once

#include "config/value.hpp"
#include "shmbus/config.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace shmbus::config {

/// All that can be set from outside a program.
struct settings {
  broker_config bus;
  subscriber_options subscriber;
  publisher_options publisher;
};

/// Something that can be set: a field of `settings`.
struct key {
  std::string table;  ///< "subscriber" or "publisher"; empty: what may also stand in [bus.NAME]
  std::string name;   ///< that of the field
  std::string takes;  ///< for messages: "a whole number from 1 to 65536"
  std::string about;  ///< what it is for
  /// False if the value is not one that it takes; then nothing has changed.
  std::function<bool(settings&, const value&)> set;

  /// "max_clients", "subscriber.max_held"
  std::string path() const { return table.empty() ? name : table + "." + name; }
};

const std::vector<key>& keys();

/// Null if there is none.
const key* find_key(std::string_view table, std::string_view name);

/// The names in a table.
std::vector<std::string> key_names(std::string_view table);

}  // namespace shmbus::config
