#pragma once

#include "core/layout.hpp"

#include <cstdint>

namespace shmbus::core {

/// Whether a message may begin there in `data`, of which we know the size ourselves.
inline bool is_chunk_place(std::uint64_t offset, std::uint64_t data_size) noexcept
{
  return offset >= page_size && offset <= data_size - sizeof(chunk_header);
}

/// What a message's head says of its extent: each word loaded once, and not yet to be believed.
struct chunk_sizes {
  explicit chunk_sizes(const chunk_header& h) noexcept
      : payload(h.payload_size.load(relaxed)),
        topic_offset(h.topic_offset.load(relaxed)),
        topic(h.topic_size.load(relaxed))
  {
  }

  /// Whether all of it lies within the `room` from the head's beginning on, itself included.
  bool fit(std::uint64_t room) const noexcept
  {
    return payload <= room - sizeof(chunk_header) && topic <= max_topic_size &&
           topic_offset <= room - topic;
  }

  std::uint64_t payload;
  std::uint64_t topic_offset;
  std::uint32_t topic;
};

}  // namespace shmbus::core
