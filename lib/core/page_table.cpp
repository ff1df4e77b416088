#include "core/page_table.hpp"

#include "shmbus/errc.hpp"

#include <algorithm>

namespace shmbus::core {

std::uint32_t page_table::high_water() const noexcept
{
  // acquire: pairs with the CAS in raise_high_water; the table's pages below are reserved.
  return std::clamp(place_.high_water->load(acquire), place_.first, place_.end);
}

std::uint64_t page_table::owner(std::uint32_t page) const noexcept
{
  return owner_word::owner(place_.owners[page].load(acquire));
}

std::optional<std::uint32_t> page_table::lease(lessee who, std::uint32_t count,
                                               std::error_code& ec) noexcept
{
  ec.clear();
  const std::uint32_t hint =
      std::clamp(hint_.load(std::memory_order_relaxed), place_.first, place_.end);
  for (std::uint32_t from = hint;;) {
    const std::uint32_t top = high_water();
    auto first = from < top ? find_free(from, top, count) : std::nullopt;
    if (!first && from != place_.first) {
      from = place_.first;  // the hint was too high: look at all of them
      continue;
    }
    if (!first) {
      // Nothing among those in use so far: go on above, with what is free just below.
      std::uint32_t start = top;
      while (start > place_.first && top - start < count && owner(start - 1) == 0) --start;
      if (count > place_.end - start) {
        ec = errc::buffer_full;
        return std::nullopt;
      }
      raise_high_water(start + count, ec);
      if (ec) return std::nullopt;
      first = start;
    }
    if (!take(who, *first, count)) {
      from = *first;  // somebody was faster: what he left, or further on
      continue;
    }
    reserve_run(who, *first, count, ec);
    if (ec) {
      give_back(who, *first, count);
      return std::nullopt;
    }
    // Pairs with the acquire fence of a reader that came here by a way the last owner left open:
    // it must see that way closed if it sees anything that is written from here on.
    fence(release);
    hint_.store(*first + count, std::memory_order_relaxed);
    return first;
  }
}

void page_table::give_back(lessee who, std::uint32_t first, std::uint32_t count) noexcept
{
  const std::uint64_t me = who.word();
  for (std::uint32_t page = first; page != first + count; ++page) {
    std::uint64_t w = place_.owners[page].load(relaxed);
    // release: pairs with the acquire of the next take(); we are done with the page. A CAS, since a
    // client that was declared dead must not free what has been given to another.
    while (owner_word::owner(w) == me &&
           !place_.owners[page].compare_exchange(w, w & owner_word::reserved, release)) {
    }
  }
  std::uint32_t hint = hint_.load(std::memory_order_relaxed);
  while (first < hint && !hint_.compare_exchange_weak(hint, first, std::memory_order_relaxed)) {
  }
}

void page_table::reclaim(lessee gone) noexcept
{
  const std::uint32_t top = high_water();
  for (std::uint32_t page = place_.first; page < top; ++page) {
    if (owner(page) == gone.word()) give_back(gone, page, 1);
  }
}

void page_table::reserve_all(std::error_code& ec) noexcept
{
  const std::uint64_t first = std::uint64_t{place_.first} * page_size;
  shm::reserve(*place_.pages_file, first, (place_.end - place_.first) * page_size, ec);
  if (!ec) raise_high_water(place_.end, ec);
  for (std::uint32_t page = place_.first; !ec && page != place_.end; ++page)
    place_.owners[page].fetch_or(owner_word::reserved, relaxed);
}

std::optional<std::uint32_t> page_table::find_free(std::uint32_t from, std::uint32_t to,
                                                   std::uint32_t count) const noexcept
{
  std::uint32_t length = 0;
  for (std::uint32_t page = from; page < to; ++page) {
    length = owner_word::owner(place_.owners[page].load(relaxed)) == 0 ? length + 1 : 0;
    if (length == count) return page - count + 1;
  }
  return std::nullopt;
}

bool page_table::take(lessee who, std::uint32_t first, std::uint32_t count) noexcept
{
  const std::uint64_t me = who.word();
  for (std::uint32_t page = first; page != first + count; ++page) {
    std::uint64_t w = place_.owners[page].load(relaxed);
    // acquire: pairs with the release in give_back(); the last owner is done with the page.
    while (owner_word::owner(w) == 0 && !place_.owners[page].compare_exchange(w, w | me, acq_rel)) {
    }
    if (owner_word::owner(w) != 0) {
      give_back(who, first, page - first);
      return false;
    }
  }
  return true;
}

void page_table::raise_high_water(std::uint32_t to, std::error_code& ec) noexcept
{
  // The table itself is sparse: its pages need room before anybody reads or writes them. A page of
  // the table serves 512 pages, so the mark moves in such steps.
  constexpr std::uint32_t step = page_size / sizeof(shared_u64);
  to = std::min(place_.end, (to + step - 1) / step * step);
  const std::uint32_t reserved = high_water();
  if (to <= reserved) return;
  const std::uint64_t begin = reserved / step * page_size;
  const std::uint64_t end = (std::uint64_t{to} + step - 1) / step * page_size;
  shm::reserve(*place_.owners_file, place_.owners_offset + begin, end - begin, ec);
  if (ec) return;
  std::uint32_t now = place_.high_water->load(relaxed);
  // release: pairs with the acquire in high_water(); who sees the number may touch the table.
  while (now < to && !place_.high_water->compare_exchange(now, to, release)) {
  }
}

void page_table::reserve_run(lessee who, std::uint32_t first, std::uint32_t count,
                             std::error_code& ec) noexcept
{
  const std::uint64_t mine = who.word() | owner_word::reserved;
  for (std::uint32_t page = first; page != first + count;) {
    std::uint32_t end = page;
    while (end != first + count && !(place_.owners[end].load(relaxed) & owner_word::reserved))
      ++end;
    if (end == page) {
      ++page;
      continue;
    }
    shm::reserve(*place_.pages_file, std::uint64_t{page} * page_size, (end - page) * page_size, ec);
    if (ec) return;
    for (; page != end; ++page) {
      std::uint64_t unmarked = who.word();
      place_.owners[page].compare_exchange(unmarked, mine, relaxed);  // a note for later owners
    }
  }
}

}  // namespace shmbus::core
