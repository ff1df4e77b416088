#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "core/resting_chunks.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <system_error>
#include <vector>

namespace shmbus::core {

struct chunk_run;

inline constexpr std::uint32_t units_per_page = page_size / chunk_unit;

/// Sizes go in steps of an eighth of a power of two, so at most that much of a chunk is idle.
struct chunk_step {
  std::uint32_t index;
  std::uint32_t units;
};

inline chunk_step size_step_of(std::uint64_t size) noexcept
{
  const auto units = static_cast<std::uint32_t>((size + chunk_unit - 1) / chunk_unit);
  if (units <= 16) return {units, units};
  const auto shift = static_cast<std::uint32_t>(std::bit_width(units - 1)) - 4;
  const std::uint32_t rounded = ((units - 1) >> shift) + 1;  // 9 to 16
  return {shift * 8 + rounded, rounded << shift};
}

/// What a publisher knows of one of its chunks; ordinary memory that no other process sees, so a
/// reuse is never decided by what stands in the bus.
struct chunk_record {
  std::uint64_t lanes = 0;        // lanes 0 to 63 in which the chunk is outstanding
  std::uint32_t outstanding = 0;  // in how many lanes it is
  std::uint32_t chunk = 0;        // its name on the bus: offset in `data` / chunk_unit
  chunk_run* run = nullptr;
  chunk_record* next_free = nullptr;
  std::unique_ptr<std::vector<std::uint64_t>> more;  // lanes from 64 on

  void add(std::uint32_t lane)
  {
    ++outstanding;
    if (lane < 64)
      lanes |= std::uint64_t{1} << lane;
    else
      add_more(lane);
  }

  /// False if the chunk is not outstanding there.
  bool remove(std::uint32_t lane) noexcept
  {
    const std::uint64_t bit = std::uint64_t{1} << (lane % 64);
    std::uint64_t* word = lane < 64 ? &lanes : find_more(lane);
    if (!word || !(*word & bit)) return false;
    *word &= ~bit;
    --outstanding;
    return true;
  }

private:
  void add_more(std::uint32_t lane);
  std::uint64_t* find_more(std::uint32_t lane) noexcept;
};

/// Consecutive leased pages, cut into chunks of one size.
struct chunk_run {
  std::uint32_t first_page = 0;
  std::uint32_t pages = 0;
  std::uint32_t first_unit = 0;
  std::uint32_t units = 0;     // of one chunk
  std::uint64_t per_unit = 0;  // 2^32 / units, rounded up: see index_of()
  std::uint32_t count = 0;
  std::uint32_t used = 0;
  chunk_record* free = nullptr;
  chunk_run* next = nullptr;  // in its class's list of runs with a free chunk
  chunk_run* previous = nullptr;
  std::unique_ptr<chunk_record[]> records;

  /// Of one chunk.
  std::uint64_t bytes() const noexcept { return std::uint64_t{units} * chunk_unit; }

  /// Which chunk begins `unit` units behind the run's first one; `count` or more if none does.
  ///
  /// A division, by multiplying: exact where a chunk begins, since a run has less than 2^32 units,
  /// and any other unit is told apart by multiplying back.
  std::uint32_t index_of(std::uint32_t unit) const noexcept
  {
    const auto index = static_cast<std::uint32_t>((unit * per_unit) >> 32);
    return index * units == unit ? index : count;
  }
};

/// The message memory of one publisher: runs of leased pages in size classes.
///
/// The chunk freed last is used first, while it is still in the cache; with much to send, the one
/// freed first (see resting_chunks). A class leases runs that double in size from one page up, keeps
/// one empty run, and gives the others back.
/// Threads: none of its own; the publisher's lock guards it.
class chunk_pool {
public:
  chunk_pool(bus& b, lessee owner) noexcept;
  ~chunk_pool();
  chunk_pool(const chunk_pool&) = delete;
  chunk_pool& operator=(const chunk_pool&) = delete;

  /// A chunk of at least `size` bytes that is free already; null if there is none.
  chunk_record* take_free(std::size_t size) noexcept;
  /// The same from newly leased pages. Errors: errc::buffer_full, no_space, corrupt.
  chunk_record* take_new(std::size_t size, std::error_code& ec);
  void give_back(chunk_record& r) noexcept;

  /// The record of a chunk named on the bus; null if it is none of ours.
  chunk_record* find(std::uint64_t chunk) noexcept;

  /// All that rests is free: memory is short.
  void stop_resting() noexcept
  {
    resting_.stop();
    while (chunk_record* r = resting_.pop_rested()) make_free(*r);
  }
  /// Gives the pages of all empty runs back; whether there were any.
  bool trim() noexcept;

  /// Takes every chunk out of a lane that does not exist any more.
  void forget_lane(std::uint32_t lane) noexcept;

private:
  struct size_class {
    chunk_run* partial = nullptr;
    chunk_run* empty = nullptr;  // the one empty run that is kept
    std::uint32_t next_pages = 1;
  };
  static constexpr std::uint32_t class_count = 232;  // steps up to 32 GiB

  size_class& class_of(std::uint32_t units) noexcept;
  chunk_run* add_run(std::uint32_t units, std::uint32_t pages, std::error_code& ec);
  void drop_run(chunk_run& r) noexcept;
  void make_free(chunk_record& r) noexcept;
  void run_is_empty(size_class& c, chunk_run& r) noexcept;
  static void link(size_class& c, chunk_run& r) noexcept;
  static void unlink(size_class& c, chunk_run& r) noexcept;

  struct free_memory {
    void operator()(void* p) const noexcept { std::free(p); }
  };

  bus& bus_;
  lessee owner_;
  // Untouched pages of it cost nothing: calloc has them from the system, zeroed.
  std::unique_ptr<chunk_run*[], free_memory> run_of_page_;
  std::unique_ptr<size_class[]> classes_;
  resting_chunks resting_;
  std::map<std::uint32_t, std::unique_ptr<chunk_run>> runs_;  // by first page
};

inline chunk_pool::size_class& chunk_pool::class_of(std::uint32_t units) noexcept
{
  return classes_[size_step_of(std::uint64_t{units} * chunk_unit).index];
}

[[gnu::always_inline]] inline chunk_record* chunk_pool::take_free(std::size_t size) noexcept
{
  // Two, so that those that rest become fewer when they are to, and not all in one call.
  for (int i = 0; i != 2; ++i)
    if (chunk_record* r = resting_.pop_rested()) make_free(*r);
  size_class& c = classes_[size_step_of(size).index];
  chunk_run* run = c.partial;
  // Only a run made as a last resort (see take_new) is of a size below its class's.
  while (run && run->bytes() < size) run = run->next;
  if (!run) return nullptr;
  chunk_record* r = run->free;
  run->free = r->next_free;
  if (++run->used == 1 && c.empty == run) c.empty = nullptr;
  if (!run->free) unlink(c, *run);
  return r;
}

inline void chunk_pool::give_back(chunk_record& r) noexcept
{
  const std::uint64_t bytes = r.run->bytes();
  if (resting_.wants(bus_, bytes))
    resting_.push(r, bytes);
  else
    make_free(r);
}

inline void chunk_pool::make_free(chunk_record& r) noexcept
{
  chunk_run& run = *r.run;
  size_class& c = class_of(run.units);
  r.next_free = run.free;
  if (!run.free) link(c, run);
  run.free = &r;
  if (--run.used == 0) run_is_empty(c, run);
}

inline chunk_record* chunk_pool::find(std::uint64_t chunk) noexcept
{
  const std::uint64_t page = chunk / units_per_page;
  if (page >= bus_.data_pages().end()) return nullptr;
  chunk_run* run = run_of_page_[page];
  if (!run) return nullptr;
  const auto unit = static_cast<std::uint32_t>(chunk) - run->first_unit;
  const std::uint32_t index = run->index_of(unit);
  if (index >= run->count) return nullptr;
  return &run->records[index];
}

inline void chunk_pool::link(size_class& c, chunk_run& r) noexcept
{
  r.next = c.partial;
  r.previous = nullptr;
  if (c.partial) c.partial->previous = &r;
  c.partial = &r;
}

inline void chunk_pool::unlink(size_class& c, chunk_run& r) noexcept
{
  (r.previous ? r.previous->next : c.partial) = r.next;
  if (r.next) r.next->previous = r.previous;
  r.next = r.previous = nullptr;
}

}  // namespace shmbus::core
