#pragma once

#include "core/layout.hpp"

#include <cstddef>
#include <cstdint>

namespace shmbus::core {

/// Where everything lies in the files of a bus; follows from its limits alone.
struct geometry {
  geometry(std::uint32_t max_clients, std::uint64_t buffer_size,
           std::uint32_t max_subscriptions_per_client) noexcept;

  std::uint32_t max_clients;
  std::uint64_t buffer_size;
  std::uint32_t max_subscriptions_per_client;
  std::uint32_t bitmap_words;   // 64-bit words of a bit per client, padded to a cache line
  std::uint32_t control_pages;  // pages of `control` that can be leased, counted from its page 0
  std::uint32_t data_pages;     // pages of `data`; its page 0 is never leased

  // Byte offsets in `control`.
  std::uint64_t slots;
  std::uint64_t pending;  // per client: which publishers have something for it
  std::uint64_t bells;
  std::uint64_t bell_pending;  // per bell: which of its clients have something
  std::uint64_t fixed_size;    // all up to here is reserved at creation
  std::uint64_t data_owners;
  std::uint64_t control_owners;
  std::uint64_t first_leased_page;  // of `control`; the tables lie before
  std::uint64_t control_size;
  std::uint64_t data_size;

  /// A publisher's directory: a word for each client, that says where its lane begins.
  std::size_t directory_size() const noexcept { return max_clients * sizeof(shared_u64); }
  std::uint32_t directory_pages() const noexcept
  {
    return static_cast<std::uint32_t>((directory_size() + page_size - 1) / page_size);
  }
};

}  // namespace shmbus::core
