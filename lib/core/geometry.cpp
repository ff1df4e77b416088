#include "core/geometry.hpp"

#include <algorithm>

namespace shmbus::core {
namespace {

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t unit) noexcept
{
  return (n + unit - 1) / unit * unit;
}

// Room for lanes: two pages each by default, and a client may have one from or to every other. It
// costs address space, not memory; 8 GiB of it at most.
std::uint64_t lane_pages(std::uint32_t max_clients) noexcept
{
  return std::clamp<std::uint64_t>(std::uint64_t{max_clients} * 1024, 4096, std::uint64_t{1} << 21);
}

}  // namespace

geometry::geometry(std::uint32_t clients, std::uint64_t buffer,
                   std::uint32_t subscriptions) noexcept
    : max_clients(clients), buffer_size(buffer), max_subscriptions_per_client(subscriptions)
{
  bitmap_words = static_cast<std::uint32_t>(round_up((clients + 63) / 64, 8));
  const std::uint64_t bitmaps = std::uint64_t{clients} * bitmap_words * sizeof(shared_u64);
  slots = page_size;
  pending = slots + std::uint64_t{clients} * sizeof(client_slot);
  bells = pending + bitmaps;
  bell_pending = bells + std::uint64_t{clients} * sizeof(bell);
  fixed_size = round_up(bell_pending + bitmaps, page_size);

  // Page 0, and a page so that one message may have buffer_size bytes besides its head and topic.
  data_pages = static_cast<std::uint32_t>(round_up(buffer, page_size) / page_size + 2);
  data_owners = fixed_size;
  control_owners = data_owners + round_up(data_pages * sizeof(shared_u64), page_size);

  // The owner table of `control` has words for its own pages too, so that a page number is one: each
  // page of it has one word less for the others.
  constexpr std::uint64_t others = page_size / sizeof(shared_u64) - 1;
  const std::uint64_t lanes = lane_pages(clients);
  const std::uint64_t before = control_owners / page_size;
  first_leased_page = before + round_up(before + lanes, others) / others;
  control_pages = static_cast<std::uint32_t>(first_leased_page + lanes);
  control_size = std::uint64_t{control_pages} * page_size;
  data_size = std::uint64_t{data_pages} * page_size;
}

}  // namespace shmbus::core
