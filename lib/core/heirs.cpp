#include "core/heirs.hpp"

#include "core/reader.hpp"

#include <algorithm>

namespace shmbus::core {

void heirs::add(reader& r)
{
  const std::lock_guard guard(mutex_);
  readers_.push_back(&r);
}

void heirs::remove(reader& r) noexcept
{
  const std::lock_guard guard(mutex_);
  std::erase(readers_, &r);
}

std::size_t heirs::size() const noexcept
{
  const std::lock_guard guard(mutex_);
  return readers_.size();
}

bool heirs::any_idle() const noexcept
{
  const std::lock_guard guard(mutex_);
  return std::ranges::any_of(readers_, [](const reader* r) { return !r->receiving(); });
}

void heirs::inherit() noexcept
{
  const std::lock_guard guard(mutex_);
  for (reader* r : readers_) r->inherit_for_idle();
}

}  // namespace shmbus::core
