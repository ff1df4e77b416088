#include "command/watched_bus.hpp"

#include "shm/short_file.hpp"
#include "shmbus/errc.hpp"

#include <utility>

namespace shmbus::command {

watched_bus::watched_bus(broker_config config) : config_(std::move(config))
{
  std::error_code ignored;
  shm::read_zeros_behind_the_end(ignored);
}

std::optional<core::observation> watched_bus::look()
{
  if (bus_ && !bus_->in_use()) bus_.reset();
  if (!bus_) {
    bus_ = core::bus::open_to_look(config_, problem_);
    if (!bus_) return std::nullopt;
    ++incarnation_;
  }
  const std::uint64_t before = shm::pages_behind_the_end();
  auto seen = core::observe(*bus_);
  if (shm::pages_behind_the_end() == before) return seen;
  // Somebody cut its files short; what was read are zeros.
  bus_.reset();
  problem_ = errc::corrupt;
  return std::nullopt;
}

}  // namespace shmbus::command
