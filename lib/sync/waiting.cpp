#include "sync/waiting.hpp"

#include "core/recovery.hpp"

namespace shmbus::sync {

bool waiting::sleep(std::uint32_t ticket, const shm::deadline& until)
{
  shm::deadline wake_at = until;
  if (!told_of_deaths_) {
    const auto look_at = std::chrono::steady_clock::now() + core::look_interval(*bus_);
    if (!until || look_at < *until) wake_at = look_at;
  }
  const auto result = bell_->sleep(ticket, wake_at);
  bell_->disarm();
  // What rang is found by looking; the bit only serves those who wait for several clients.
  for (std::uint32_t w = 0; w != bus_->limits().bitmap_words; ++w)
    if (bell_->pending()[w].load(core::relaxed) != 0) bell_->pending()[w].store(0, core::seq_cst);
  if (result != shm::wait_result::timed_out) return true;
  if (!told_of_deaths_) core::sweep_in_turn(*bus_);
  return !until || std::chrono::steady_clock::now() < *until;
}

}  // namespace shmbus::sync
