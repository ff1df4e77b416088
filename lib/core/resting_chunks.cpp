#include "core/resting_chunks.hpp"

#include "core/chunk_pool.hpp"

#include <algorithm>

namespace shmbus::core {

void resting_chunks::look_at_rate(const bus& b) noexcept
{
  const auto now = clock::now();
  const bool fast = now - since_ <= in_at_most && now >= not_before_;
  since_ = now;
  freed_ = 0;
  // What rests in all publishers together leaves half of the buffer to those who come.
  const std::uint64_t share = b.limits().buffer_size / 2 / std::max(b.clients_high_water(), 1u);
  limit_ = fast && share >= least ? std::min(share, most) : 0;
}

void resting_chunks::stop() noexcept
{
  limit_ = 0;
  not_before_ = clock::now() + std::chrono::seconds(1);
}

void resting_chunks::push(chunk_record& r, std::uint64_t bytes) noexcept
{
  r.next_free = nullptr;
  (last_ ? last_->next_free : first_) = &r;
  last_ = &r;
  bytes_ += bytes;
}

chunk_record* resting_chunks::pop() noexcept
{
  chunk_record* const r = first_;
  first_ = r->next_free;
  if (!first_) last_ = nullptr;
  bytes_ -= r->run->bytes();
  return r;
}

}  // namespace shmbus::core
