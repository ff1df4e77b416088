#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace shmbus::core {

class bus;

/// The bells that one handle on a bus has leased.
/// Threads: all functions may be called at the same time.
class own_bells {
public:
  void add(std::uint32_t bell);
  void remove(std::uint32_t bell) noexcept;
  std::optional<std::uint32_t> lowest() const noexcept;

private:
  mutable std::mutex mutex_;
  std::vector<std::uint32_t> bells_;
};

/// Whether this process stands in for the one that looks for the dead after an alarm, should that one
/// be stopped: the few do whose bells come first. For all to do so would wake each of them once more
/// for each death.
bool is_deputy(bus& b) noexcept;

/// How often one who is not told of deaths looks for the dead: seldom while a few others are told, who
/// then ring for those concerned.
std::chrono::milliseconds look_interval(const bus& b) noexcept;

}  // namespace shmbus::core
