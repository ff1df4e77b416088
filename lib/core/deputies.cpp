#include "core/deputies.hpp"

#include "core/bus.hpp"

#include <algorithm>

namespace shmbus::core {
namespace {

constexpr std::uint32_t deputies = 3;
constexpr std::uint32_t enough_who_are_told = 2;

bool is_live(const bell& b) noexcept
{
  return slot_word::unpack(b.state.load(seq_cst)).state == slot_state::live;
}

}  // namespace

void own_bells::add(std::uint32_t bell)
{
  const std::lock_guard guard(mutex_);
  bells_.push_back(bell);
}

void own_bells::remove(std::uint32_t bell) noexcept
{
  const std::lock_guard guard(mutex_);
  if (const auto i = std::ranges::find(bells_, bell); i != bells_.end()) bells_.erase(i);
}

std::optional<std::uint32_t> own_bells::lowest() const noexcept
{
  const std::lock_guard guard(mutex_);
  const auto i = std::ranges::min_element(bells_);
  return i == bells_.end() ? std::nullopt : std::optional(*i);
}

bool is_deputy(bus& b) noexcept
{
  const auto own = b.bells_of_ours().lowest();
  if (!own) return true;
  std::uint32_t before = 0;
  for (std::uint32_t i = 0; i < *own && before < deputies; ++i)
    if (is_live(b.bell(i))) ++before;
  return before < deputies;
}

std::chrono::milliseconds look_interval(const bus& b) noexcept
{
  std::uint32_t told = 0;
  const std::uint32_t top = b.bells_high_water();
  for (std::uint32_t i = 0; i < top && told < enough_who_are_told; ++i)
    if (is_live(b.bell(i)) && b.bell(i).told_of_deaths.load(relaxed) != 0) ++told;
  return std::chrono::seconds(told < enough_who_are_told ? 1 : 10);
}

}  // namespace shmbus::core
