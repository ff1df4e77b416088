#pragma once

#include "core/bells.hpp"
#include "core/bus.hpp"
#include "shm/futex.hpp"

#include <chrono>
#include <memory>
#include <system_error>

namespace shmbus::sync {

using time_point = std::chrono::steady_clock::time_point;

/// When a wait of `d` ends; never, if that is beyond the end of time.
inline shm::deadline deadline_in(std::chrono::nanoseconds d)
{
  const auto now = std::chrono::steady_clock::now();
  if (d >= time_point::max() - now) return std::nullopt;
  return now + d;
}

/// The bell on which the threads of one synchronous client sleep; leased when one first has to.
///
/// Of deaths it is told by the bus's death watch; where that can't be had, it wakes from time to
/// time to look for the dead itself.
class waiting {
public:
  explicit waiting(std::shared_ptr<core::bus> b) noexcept : bus_(std::move(b)) {}

  /// Null: `ec` says why. `attach` shows a new bell to the others.
  template <class Attach>
  core::leased_bell* bell(Attach attach, std::error_code& ec)
  {
    if (!bell_) {
      bell_ = core::leased_bell::lease(bus_, ec);
      if (!bell_) return nullptr;
      attach(*bell_);
      told_of_deaths_ = bus_->watch_for_deaths();
      bell_->told_of_deaths(told_of_deaths_);
    }
    return bell_.get();
  }
  core::leased_bell* bell_if_any() const noexcept { return bell_.get(); }

  /// Sleeps until the bell rings; false if `until` passed.
  bool sleep(std::uint32_t ticket, const shm::deadline& until);

private:
  std::shared_ptr<core::bus> bus_;
  std::unique_ptr<core::leased_bell> bell_;
  bool told_of_deaths_ = false;
};

}  // namespace shmbus::sync
