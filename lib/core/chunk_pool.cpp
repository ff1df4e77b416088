#include "core/chunk_pool.hpp"

#include "shmbus/errc.hpp"

#include <algorithm>
#include <bit>
#include <new>

namespace shmbus::core {
namespace {

constexpr std::uint32_t most_pages_at_once = 64;

std::uint32_t pages_for(std::uint32_t units) noexcept
{
  return (units + units_per_page - 1) / units_per_page;
}

}  // namespace

void chunk_record::add_more(std::uint32_t lane)
{
  if (!more) more = std::make_unique<std::vector<std::uint64_t>>();
  if (more->size() <= lane / 64 - 1) more->resize(lane / 64);
  (*more)[lane / 64 - 1] |= std::uint64_t{1} << (lane % 64);
}

std::uint64_t* chunk_record::find_more(std::uint32_t lane) noexcept
{
  return more && more->size() > lane / 64 - 1 ? &(*more)[lane / 64 - 1] : nullptr;
}

chunk_pool::chunk_pool(bus& b, lessee owner) noexcept
    : bus_(b),
      owner_(owner),
      run_of_page_(static_cast<chunk_run**>(std::calloc(b.data_pages().end(), sizeof(chunk_run*)))),
      classes_(new size_class[class_count + 1])
{
}

chunk_pool::~chunk_pool() = default;

chunk_record* chunk_pool::take_new(std::size_t size, std::error_code& ec)
{
  const chunk_step step = size_step_of(size);
  size_class& c = classes_[step.index];
  const std::uint32_t least = pages_for(step.units);
  const std::uint32_t wanted = std::max(least, std::min(c.next_pages, most_pages_at_once));
  chunk_run* run = add_run(step.units, wanted, ec);
  if (run) {
    c.next_pages = wanted * 2;
  } else if (wanted > least) {
    run = add_run(step.units, least, ec);
  } else if (ec == errc::buffer_full && step.units * chunk_unit > size) {
    // The last resort for a message nearly as large as the buffer: not rounded up to a step.
    const auto exact = static_cast<std::uint32_t>((size + chunk_unit - 1) / chunk_unit);
    if (pages_for(exact) < least) run = add_run(exact, pages_for(exact), ec);
  }
  if (!run) return nullptr;
  chunk_record* r = run->free;
  run->free = r->next_free;
  ++run->used;
  size_class& home = class_of(run->units);
  if (home.empty == run) home.empty = nullptr;
  if (!run->free) unlink(home, *run);
  return r;
}

void chunk_pool::run_is_empty(size_class& c, chunk_run& run) noexcept
{
  if (c.empty && c.empty != &run) {
    // One empty run is enough; the larger one, so that a burst that comes again finds its memory.
    chunk_run& smaller = c.empty->pages < run.pages ? *c.empty : run;
    chunk_run& larger = &smaller == &run ? *c.empty : run;
    drop_run(smaller);
    c.empty = &larger;
  } else {
    c.empty = &run;
  }
}

bool chunk_pool::trim() noexcept
{
  bool any = false;
  for (std::uint32_t i = 0; i <= class_count; ++i) {
    if (chunk_run* run = std::exchange(classes_[i].empty, nullptr)) {
      drop_run(*run);
      any = true;
    }
  }
  return any;
}

void chunk_pool::forget_lane(std::uint32_t lane) noexcept
{
  // Giving a chunk back may drop its run, so go on by page number.
  for (auto next = runs_.begin(); next != runs_.end();) {
    const std::uint32_t page = next->first;
    chunk_run& run = *next->second;
    for (std::uint32_t i = 0, count = run.count; i != count; ++i) {
      chunk_record& r = run.records[i];
      if (!r.remove(lane) || r.outstanding != 0) continue;
      const bool last = run.used == 1;
      give_back(r);
      if (last) break;
    }
    next = runs_.upper_bound(page);
  }
}

chunk_run* chunk_pool::add_run(std::uint32_t units, std::uint32_t pages, std::error_code& ec)
{
  const auto first = bus_.data_pages().lease(owner_, pages, ec);
  if (!first) return nullptr;
  for (std::uint32_t p = 0; p != pages; ++p) {
    if (run_of_page_[*first + p]) {
      // They are ours already: somebody else wrote into the owner table. What we know ourselves counts.
      ec = errc::corrupt;
      return nullptr;
    }
  }
  auto run = std::make_unique<chunk_run>();
  run->first_page = *first;
  run->pages = pages;
  run->first_unit = *first * units_per_page;
  run->units = units;
  run->per_unit = ((std::uint64_t{1} << 32) + units - 1) / units;
  run->count = pages * units_per_page / units;
  run->records = std::make_unique<chunk_record[]>(run->count);
  for (std::uint32_t i = run->count; i-- != 0;) {
    chunk_record& r = run->records[i];
    r.run = run.get();
    r.chunk = run->first_unit + i * units;
    r.next_free = run->free;
    run->free = &r;
  }
  for (std::uint32_t p = 0; p != pages; ++p) run_of_page_[*first + p] = run.get();
  size_class& c = class_of(units);
  link(c, *run);
  return (runs_[*first] = std::move(run)).get();
}

void chunk_pool::drop_run(chunk_run& r) noexcept
{
  unlink(class_of(r.units), r);
  for (std::uint32_t p = 0; p != r.pages; ++p) run_of_page_[r.first_page + p] = nullptr;
  bus_.data_pages().give_back(owner_, r.first_page, r.pages);
  runs_.erase(r.first_page);
}

}  // namespace shmbus::core
