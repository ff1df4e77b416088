#include "core/subscriber_statistics.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace shmbus::core {

subscriber_statistics::subscriber_statistics(bus& b, lessee owner)
{
  std::error_code ec;
  const auto number = b.control_pages().lease(owner, 1, ec);
  if (!number) {
    aside_ = std::make_unique<subscriber_page>();
    page_ = aside_.get();
    return;
  }
  page_ = b.control_at<subscriber_page>(*number);
  for (shared_u64* w : {&page_->received, &page_->bytes, &page_->lost, &page_->latency_ns})
    w->store(0, relaxed);
  for (shared_u64& w : page_->latency) w.store(0, relaxed);
  // release: the page is filled; pairs with the acquire of who looks at it.
  b.slot(owner.slot).statistics.store(place_word{*number, owner.generation}.pack(), release);
}

void subscriber_statistics::sample(std::uint64_t received, std::int64_t sent_at_ns) noexcept
{
  next_sample_ = received + sampled_of;
  if (sent_at_ns == 0) return;
  const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
  // The time of sending is what another process wrote: it may lie in the future.
  const auto latency = static_cast<std::uint64_t>(std::max<std::int64_t>(now - sent_at_ns, 0));
  const auto bucket = static_cast<std::uint32_t>(std::bit_width(latency));
  count(page_->latency_ns, latency);
  count(page_->latency[std::min(bucket, latency_buckets - 1)]);
}

}  // namespace shmbus::core
