#include "core/reader_lane.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace shmbus::core {

bool reader_lane::finish() noexcept
{
  // First the number: once the mark is set, the release of the last message may end the lane.
  const std::uint64_t taken = taken_;
  return releases_.fetch_or(finished, std::memory_order_acq_rel) == taken && all_released();
}

std::uint64_t reader_lane::held() noexcept
{
  const std::uint64_t begun = releases_.load(std::memory_order_acquire) & ~finished;
  while (stored_ != begun && stands(stored_)) ++stored_;
  return taken_ - stored_;
}

bool reader_lane::stands(std::uint64_t k) const noexcept
{
  const std::uint64_t word = lane_.completions[k & (shape_.completions - 1)].load(acquire);
  const std::uint64_t lap = ((k >> shape_.completions_log2) + 1) & ring_word::lap_mask;
  return ring_word::lap(word) == lap;
}

// All have begun; another thread may still be about to store its completion, after which it touches
// nothing here. It is in this process and needs nothing from us, so this ends soon, unless somebody
// overwrote the completions: then the lane is rather kept for ever than freed under a thread's feet.
bool reader_lane::all_released() noexcept
{
  const std::uint64_t first = taken_ > shape_.completions ? taken_ - shape_.completions : 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  for (std::uint64_t k = std::max(first, stored_); k != taken_; ++k) {
    while (!stands(k)) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::yield();
    }
  }
  return true;
}

}  // namespace shmbus::core
