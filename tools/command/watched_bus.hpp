#pragma once

#include "core/observe.hpp"
#include "shmbus/config.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace shmbus::command {

/// A bus that is looked at again and again, without taking part: also when it goes, and another one
/// of that name comes.
class watched_bus {
public:
  explicit watched_bus(broker_config config);

  /// What there is to see now; nothing if there is no such bus, and then problem() says why.
  std::optional<core::observation> look();

  std::error_code problem() const noexcept { return problem_; }
  /// Counts the buses that were found: two looks at one bus have the same number.
  std::uint64_t incarnation() const noexcept { return incarnation_; }
  const broker_config& config() const noexcept { return config_; }

private:
  broker_config config_;
  std::shared_ptr<const core::bus> bus_;
  std::error_code problem_;
  std::uint64_t incarnation_ = 0;
};

}  // namespace shmbus::command
