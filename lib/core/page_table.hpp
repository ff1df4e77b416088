#pragma once

#include "core/layout.hpp"
#include "shm/file.hpp"

#include <cstdint>
#include <optional>
#include <system_error>

namespace shmbus::core {

/// Who leases: written into the owner table for each page.
struct lessee {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  std::uint64_t word() const noexcept { return owner_word::of(slot, generation); }
};

/// The pages of one file that clients lease: one word a page says whose it is.
///
/// A lease is a CAS per page, FREE -> lessee, rolled back when another was faster. A process killed
/// half-way leaves pages that are its own in name: reclaim() gives them back with all others.
/// Room in the file system is taken when a page is leased for the first time.
/// Threads and processes: all functions may be called at the same time.
class page_table {
public:
  /// Where the table and the pages are, from private knowledge.
  struct place {
    shared_u64* owners;            // one word a page
    shared_u32* high_water;        // no page at or above was ever leased
    std::uint32_t first;           // the first page that may be leased
    std::uint32_t end;             // one past the last
    const shm::file* owners_file;  // where the table is, to reserve its pages
    std::uint64_t owners_offset;
    const shm::file* pages_file;
  };

  explicit page_table(const place& p) noexcept : place_(p), hint_(p.first) {}

  /// Leases `count` consecutive pages; the number of the first. What they hold is garbage.
  /// Errors: errc::buffer_full if there are none, errc::no_space if the file system is full.
  std::optional<std::uint32_t> lease(lessee who, std::uint32_t count, std::error_code& ec) noexcept;

  void give_back(lessee who, std::uint32_t first, std::uint32_t count) noexcept;

  /// Frees every page of a client that is gone.
  void reclaim(lessee gone) noexcept;

  /// Reserves every page, so that no lease fails for want of room.
  void reserve_all(std::error_code& ec) noexcept;

  std::uint32_t first() const noexcept { return place_.first; }
  std::uint32_t end() const noexcept { return place_.end; }
  /// Pages below this may have an owner.
  std::uint32_t high_water() const noexcept;
  /// owner_word::owner of a page; 0: free.
  std::uint64_t owner(std::uint32_t page) const noexcept;

private:
  std::optional<std::uint32_t> find_free(std::uint32_t from, std::uint32_t to,
                                         std::uint32_t count) const noexcept;
  bool take(lessee who, std::uint32_t first, std::uint32_t count) noexcept;
  void raise_high_water(std::uint32_t to, std::error_code& ec) noexcept;
  void reserve_run(lessee who, std::uint32_t first, std::uint32_t count,
                   std::error_code& ec) noexcept;

  place place_;
  atomic<std::uint32_t> hint_;  // where the next search begins; only a guess
};

}  // namespace shmbus::core
