#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace shmbus::core {

/// The patterns of one subscriber, in its own pages; the subscriber's side.
///
///   entry: free --text, then state (odd)--> active --state + 1--> free
///
/// Killed at any step, an entry is either active and whole or not active.
/// Threads: none of its own; the subscriber's lock guards it.
class subscription_table {
public:
  subscription_table(bus& b, lessee owner) noexcept : bus_(b), owner_(owner) {}

  /// Errors: errc::too_many_subscriptions, no_space.
  void add(std::string_view pattern, std::error_code& ec);
  /// Whether it was there.
  bool remove(std::string_view pattern);

private:
  pattern_entry* free_entry(std::error_code& ec);
  void changed() noexcept;

  struct active {
    std::string pattern;
    pattern_entry* entry;
  };
  bus& bus_;
  lessee owner_;
  std::vector<pattern_page*> pages_;
  std::vector<active> active_;
};

/// The patterns of the subscriber in `slot`, as somebody else sees them; nothing if they can't be
/// believed: it left meanwhile, or its pages hold garbage.
std::optional<std::vector<std::string>> read_subscriptions(const bus& b, lessee subscriber);

}  // namespace shmbus::core
