#include "sync/waiting.hpp"

#include "core/recovery.hpp"

#include <algorithm>

namespace shmbus::sync {

bool waiting::sleep(std::uint32_t ticket, const shm::deadline& until)
{
  using namespace std::chrono_literals;
  const auto sweep_at = std::chrono::steady_clock::now() + 1s;
  const auto wake_at = until ? std::min(*until, sweep_at) : sweep_at;
  const auto result = bell_->sleep(ticket, wake_at);
  bell_->disarm();
  // What rang is found by looking; the bit only serves those who wait for several clients.
  for (std::uint32_t w = 0; w != bus_->limits().bitmap_words; ++w)
    if (bell_->pending()[w].load(core::relaxed) != 0) bell_->pending()[w].store(0, core::seq_cst);
  if (result != shm::wait_result::timed_out) return true;
  if (wake_at == sweep_at) core::sweep(*bus_);
  return !until || std::chrono::steady_clock::now() < *until;
}

}  // namespace shmbus::sync
