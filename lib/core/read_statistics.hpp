#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "core/statistics_layout.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// What clients count, as somebody else sees it. Each word is loaded once and checked; nothing is
/// returned for a client that was gone when the last one had been read, or has no statistics.
namespace shmbus::core {

struct topic_counts {
  std::string topic;  ///< empty: all topics for which the publisher had no room
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unheard = 0;
  std::uint64_t last_size = 0;
  std::uint64_t last_at_ns = 0;  ///< 0: not known
};

struct publisher_counts {
  std::uint64_t refused_queue_full = 0;
  std::uint64_t refused_buffer_full = 0;
  std::vector<topic_counts> topics;  ///< those on which something was published
};

struct subscriber_counts {
  std::uint64_t received = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t latency_ns = 0;  ///< the sum
  std::array<std::uint64_t, latency_buckets> latency{};
};

std::optional<publisher_counts> read_publisher_statistics(const bus& b, lessee publisher);
std::optional<subscriber_counts> read_subscriber_statistics(const bus& b, lessee subscriber);

/// The pages of a publisher's topics, in order, until `each` returns false. False if they lead
/// outside of the bus or have no end.
bool for_each_topic_page(const bus& b, lessee publisher,
                         const std::function<bool(std::uint32_t number, const topic_page&)>& each);

}  // namespace shmbus::core
