#include "core/publisher_statistics.hpp"

#include "shmbus/errc.hpp"

#include <array>
#include <utility>

namespace shmbus::core {
namespace {

topic_entry& entry_at(topic_page& page, std::uint32_t offset) noexcept
{
  return *reinterpret_cast<topic_entry*>(reinterpret_cast<std::byte*>(&page) + offset);
}

}  // namespace

publisher_statistics::publisher_statistics(bus& b, lessee owner) : bus_(b), owner_(owner)
{
  if (!add_page()) {
    // Zeros, as everything here begins with.
    aside_ = std::make_unique<std::byte[]>(page_size + cache_line);
    void* begin = aside_.get();
    std::size_t space = page_size + cache_line;
    first_ = last_ = static_cast<topic_page*>(std::align(cache_line, page_size, begin, space));
    first_->end.store(topic_page_begin, relaxed);
    pages_ = most_topic_pages;
  }
  others_ = add_entry({});
}

topic_page* publisher_statistics::add_page()
{
  std::error_code ec;
  const auto number =
      pages_ < most_topic_pages ? bus_.control_pages().lease(owner_, 1, ec) : std::nullopt;
  if (!number) return nullptr;
  auto* page = bus_.control_at<topic_page>(*number, page_size);
  page->next.store(0, relaxed);
  page->end.store(topic_page_begin, relaxed);
  page->refused_queue_full.store(0, relaxed);
  page->refused_buffer_full.store(0, relaxed);
  // release: the page is filled; pairs with the acquire of who walks from page to page.
  const std::uint64_t place = place_word{*number, owner_.generation}.pack();
  if (last_)
    last_->next.store(place, release);
  else
    bus_.slot(owner_.slot).statistics.store(place, release);
  if (!first_) first_ = page;
  last_ = page;
  end_ = topic_page_begin;
  ++pages_;
  return page;
}

topic_entry* publisher_statistics::add_entry(std::string_view name)
{
  const std::uint32_t size = topic_entry::size_for(name.size());
  if (end_ + size > page_size && !add_page()) return nullptr;
  topic_entry& t = entry_at(*last_, end_);
  for (shared_u64* w : {&t.messages, &t.bytes, &t.unheard, &t.last_size, &t.last_at_ns})
    w->store(0, relaxed);
  t.topic_size.store(static_cast<std::uint32_t>(name.size()), relaxed);
  std::array<std::uint64_t, 32> words{};
  name.copy(reinterpret_cast<char*>(words.data()), name.size());  // it may be empty
  for (std::size_t i = 0; i * 8 < name.size(); ++i) t.text[i].store(words[i], relaxed);
  // release: the entry is filled; pairs with the acquire of who reads up to there.
  end_ += size;
  last_->end.store(end_, release);
  return &t;
}

topic_entry& publisher_statistics::topic(std::string_view name)
{
  std::string key(name);
  if (const auto known = entries_.find(key); known != entries_.end()) return *known->second;
  topic_entry* own = add_entry(name);
  if (!own) return *others_;
  entries_.emplace(std::move(key), own);
  return *own;
}

void publisher_statistics::refused(const std::error_code& why) noexcept
{
  if (why == errc::queue_full) count(first_->refused_queue_full);
  if (why == errc::buffer_full) count(first_->refused_buffer_full);
}

}  // namespace shmbus::core
