#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "core/statistics_layout.hpp"

#include <cstdint>
#include <memory>

namespace shmbus::core {

/// What a subscriber counts. Counting never fails: without memory on the bus it goes to private
/// memory, where nobody sees it.
/// Threads: one at a time, the one that takes messages.
class subscriber_statistics {
public:
  subscriber_statistics(bus& b, lessee owner);

  void received(std::uint64_t size, std::int64_t sent_at_ns) noexcept
  {
    const std::uint64_t n = page_->received.load(relaxed) + 1;
    page_->received.store(n, relaxed);
    count(page_->bytes, size);
    // A look at the clock costs more than a receive: one for many messages, or for one that was
    // slept for, which costs a hundred times as much.
    if (n >= next_sample_) sample(n, sent_at_ns);
  }
  void lost(std::uint64_t n) noexcept { count(page_->lost, n); }

  /// Nothing is there: who receives may go to sleep now.
  void going_to_sleep() noexcept { next_sample_ = 0; }

private:
  static constexpr std::uint64_t sampled_of = 64;

  void sample(std::uint64_t received, std::int64_t sent_at_ns) noexcept;

  std::unique_ptr<subscriber_page> aside_;  // instead of a page
  subscriber_page* page_;
  std::uint64_t next_sample_ = sampled_of;
};

}  // namespace shmbus::core
