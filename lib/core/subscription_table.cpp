#include "core/subscription_table.hpp"

#include "core/bells.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/pattern.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace shmbus::core {
namespace {

using pattern_text = std::array<std::uint64_t, 32>;

void store_text(pattern_entry& e, std::string_view text) noexcept
{
  pattern_text words{};
  std::memcpy(words.data(), text.data(), text.size());
  for (std::size_t i = 0; i != words.size(); ++i) e.text[i].store(words[i], relaxed);
  e.size.store(static_cast<std::uint32_t>(text.size()), relaxed);
}

// The text of an active entry; nothing if it is not active, or changed while it was read.
std::optional<std::string> load_text(const pattern_entry& e)
{
  // acquire: pairs with the release in add(), so the text below is the one of this use.
  const std::uint32_t state = e.state.load(acquire);
  const std::uint32_t size = e.size.load(relaxed);
  if (state % 2 == 0 || size > max_topic_size) return std::nullopt;
  pattern_text words;
  for (std::size_t i = 0; i != words.size(); ++i) words[i] = e.text[i].load(relaxed);
  // Pairs with the fence in add(): if a later use's text was read, its state is seen here.
  fence(acquire);
  if (e.state.load(relaxed) != state) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(words.data()), size);
}

}  // namespace

void subscription_table::add(std::string_view pattern, std::error_code& ec)
{
  ec.clear();
  const auto same = [&](const active& a) { return a.pattern == pattern; };
  if (std::any_of(active_.begin(), active_.end(), same)) return;
  if (active_.size() == bus_.limits().max_subscriptions_per_client) {
    ec = errc::too_many_subscriptions;
    return;
  }
  pattern_entry* e = free_entry(ec);
  if (!e) return;
  active_.push_back({std::string(pattern), e});
  const std::uint32_t free_state = e->state.load(relaxed);
  // Pairs with the fence in load_text(): who reads any of this text sees the entry was free before.
  fence(release);
  store_text(*e, pattern);
  e->state.store(free_state + 1, release);  // pairs with the acquire in load_text()
  changed();
}

bool subscription_table::remove(std::string_view pattern)
{
  const auto place = std::find_if(active_.begin(), active_.end(),
                                  [&](const active& a) { return a.pattern == pattern; });
  if (place == active_.end()) return false;
  place->entry->state.fetch_add(1, release);
  active_.erase(place);
  changed();
  return true;
}

pattern_entry* subscription_table::free_entry(std::error_code& ec)
{
  for (pattern_page* page : pages_) {
    for (pattern_entry& e : page->entries)
      if (e.state.load(relaxed) % 2 == 0) return &e;
  }
  const auto number = bus_.control_pages().lease(owner_, 1, ec);
  if (!number) {
    // There is no other limit here than the file system's.
    if (ec == errc::buffer_full) ec = errc::no_space;
    return nullptr;
  }
  auto* page = bus_.control_at<pattern_page>(*number);
  page->next.store(0, relaxed);
  for (pattern_entry& e : page->entries) e.state.store(0, relaxed);
  // release: the page is filled; pairs with the acquire of who walks the chain.
  if (pages_.empty())
    bus_.slot(owner_.slot).root.store(place_word{*number, owner_.generation}.pack(), release);
  else
    pages_.back()->next.store(*number, release);
  pages_.push_back(page);
  return &page->entries[0];
}

void subscription_table::changed() noexcept
{
  // seq_cst, in this order: a publisher that sees the second number also finds the first changed,
  // and a publish that begins after subscribe() returned sees the second.
  bus_.slot(owner_.slot).subscriptions_version.fetch_add(1, seq_cst);
  bus_.header().routes_version.fetch_add(1, seq_cst);
  // seq_cst: a publisher that waits for subscribers says so before it looks at routes_version.
  const std::uint32_t top = bus_.clients_high_water();
  for (std::uint32_t i = 0; i < top; ++i)
    if (bus_.slot(i).waits_for_subscribers.load(seq_cst) != 0) ring_client(bus_, i);
}

std::optional<std::vector<std::string>> read_subscriptions(const bus& b, lessee subscriber)
{
  const client_slot& s = b.slot(subscriber.slot);
  std::vector<std::string> found;
  // acquire: pairs with the release in free_entry().
  const auto root = place_word::unpack(s.root.load(acquire));
  std::uint32_t number = root.generation == subscriber.generation ? root.page : 0;
  std::uint32_t pages_left = b.limits().max_subscriptions_per_client / patterns_per_page + 1;
  while (number != 0) {
    const auto* page = b.control_at<const pattern_page>(number);
    if (!page || pages_left-- == 0) return std::nullopt;
    for (const pattern_entry& e : page->entries) {
      auto text = load_text(e);
      if (text && pattern_problem(*text).empty()) found.push_back(std::move(*text));
    }
    number = static_cast<std::uint32_t>(page->next.load(acquire));
  }
  // Pairs with the release fence of a lease: if we read what a next owner of the pages wrote, we see
  // here that this subscriber is gone.
  fence(acquire);
  const auto now = slot_word::unpack(s.state.load(seq_cst));
  if (!now.owned() || now.generation != subscriber.generation) return std::nullopt;
  return found;
}

}  // namespace shmbus::core
