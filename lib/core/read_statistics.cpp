#include "core/read_statistics.hpp"

#include "shmbus/topic.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shmbus::core {
namespace {

place_word place_of(const bus& b, lessee client) noexcept
{
  // acquire: pairs with the release of the client after it filled the page.
  const auto place = place_word::unpack(b.slot(client.slot).statistics.load(acquire));
  return place.generation == client.generation ? place : place_word{};
}

// Whether what was just read is the client's. Pairs with the release fence of a lease: if we read
// what a next owner of the pages wrote, we see here that this client is gone.
bool still_there(const bus& b, lessee client) noexcept
{
  std::atomic_thread_fence(acquire);
  const auto now = slot_word::unpack(b.slot(client.slot).state.load(seq_cst));
  return now.generation == client.generation && (now.owned() || now.orphan());
}

std::string load_topic(const topic_entry& t, std::uint32_t size)
{
  std::array<std::uint64_t, 32> words;
  for (std::size_t i = 0; i * 8 < size; ++i) words[i] = t.text[i].load(relaxed);
  return {reinterpret_cast<const char*>(words.data()), size};
}

void read_entries(const topic_page& page, std::vector<topic_counts>& topics)
{
  const auto* bytes = reinterpret_cast<const std::byte*>(&page);
  // acquire: pairs with the release of who filled the entries below.
  const std::uint64_t end = std::min<std::uint64_t>(page.end.load(acquire), page_size);
  for (std::uint64_t at = topic_page_begin; at + sizeof(topic_entry) <= end;) {
    const auto& t = *reinterpret_cast<const topic_entry*>(bytes + at);
    const std::uint32_t size = t.topic_size.load(relaxed);
    if (size > max_topic_size || topic_entry::size_for(size) > end - at) return;
    at += topic_entry::size_for(size);
    const std::uint64_t messages = t.messages.load(relaxed);
    if (messages == 0) continue;
    std::string name = load_topic(t, size);
    if (size != 0 && !topic_problem(name).empty()) continue;
    topics.push_back({std::move(name), messages, t.bytes.load(relaxed), t.unheard.load(relaxed),
                      t.last_size.load(relaxed), t.last_at_ns.load(relaxed)});
  }
}

}  // namespace

bool for_each_topic_page(const bus& b, lessee publisher,
                         const std::function<bool(std::uint32_t, const topic_page&)>& each)
{
  std::uint32_t left = most_topic_pages;
  for (place_word place = place_of(b, publisher); place.page != 0;) {
    const auto* page = b.control_at<const topic_page>(place.page, page_size);
    if (!page || left-- == 0) return false;
    if (!each(place.page, *page)) return true;
    place = place_word::unpack(page->next.load(acquire));  // as in place_of()
    if (place.page != 0 && place.generation != publisher.generation) return false;
  }
  return true;
}

std::optional<publisher_counts> read_publisher_statistics(const bus& b, lessee publisher)
{
  publisher_counts counts;
  bool first = true;
  const bool sound = for_each_topic_page(b, publisher, [&](std::uint32_t, const topic_page& page) {
    if (std::exchange(first, false)) {
      counts.refused_queue_full = page.refused_queue_full.load(relaxed);
      counts.refused_buffer_full = page.refused_buffer_full.load(relaxed);
    }
    read_entries(page, counts.topics);
    return true;
  });
  if (first || !sound || !still_there(b, publisher)) return std::nullopt;
  return counts;
}

std::optional<subscriber_counts> read_subscriber_statistics(const bus& b, lessee subscriber)
{
  const place_word place = place_of(b, subscriber);
  const auto* page = b.control_at<const subscriber_page>(place.page);
  if (!page) return std::nullopt;
  subscriber_counts counts;
  counts.received = page->received.load(relaxed);
  counts.bytes = page->bytes.load(relaxed);
  counts.lost = page->lost.load(relaxed);
  counts.latency_ns = page->latency_ns.load(relaxed);
  for (std::uint32_t i = 0; i != latency_buckets; ++i)
    counts.latency[i] = page->latency[i].load(relaxed);
  if (!still_there(b, subscriber)) return std::nullopt;
  return counts;
}

}  // namespace shmbus::core
