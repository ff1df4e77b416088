#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "core/statistics_layout.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

namespace shmbus::core {

/// What a publisher counts: for each topic, and what it could not publish.
///
/// Counting never fails. Without memory on the bus it goes to private memory, where nobody sees it;
/// topics for which there is no room are counted together.
/// Threads: the publisher's lock guards it.
class publisher_statistics {
public:
  publisher_statistics(bus& b, lessee owner);

  /// The entry of a topic, for good.
  topic_entry& topic(std::string_view name);

  /// `at_ns`: 0 if nobody looked at the clock.
  static void published(topic_entry& t, std::uint64_t size, std::uint64_t at_ns) noexcept
  {
    count(t.messages);
    count(t.bytes, size);
    t.last_size.store(size, relaxed);
    t.last_at_ns.store(at_ns, relaxed);
  }
  /// One that nobody subscribed to: it was not even written.
  static void unheard(topic_entry& t, std::uint64_t size) noexcept
  {
    count(t.messages);
    count(t.bytes, size);
    count(t.unheard);
    t.last_size.store(size, relaxed);
  }
  void refused(const std::error_code& why) noexcept;

private:
  topic_page* add_page();
  topic_entry* add_entry(std::string_view name);

  bus& bus_;
  lessee owner_;
  std::unique_ptr<std::byte[]> aside_;  // instead of a page
  topic_page* first_ = nullptr;
  topic_page* last_ = nullptr;
  std::uint32_t end_ = topic_page_begin;  // of the last page; ours, since anybody may write there
  std::uint32_t pages_ = 0;
  topic_entry* others_ = nullptr;
  std::unordered_map<std::string, topic_entry*> entries_;
};

}  // namespace shmbus::core
