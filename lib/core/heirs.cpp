#include "core/heirs.hpp"

#include "core/reader.hpp"

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

void heirs::inherit() noexcept
{
  const std::lock_guard guard(mutex_);
  for (reader* r : readers_) r->inherit_for_idle();
}

}  // namespace shmbus::core
