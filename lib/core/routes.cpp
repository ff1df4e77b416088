#include "core/routes.hpp"

#include "core/subscription_table.hpp"

#include <algorithm>

namespace shmbus::core {
namespace {

// Enough for what one process publishes on; with more topics than that, routes are worked out again.
constexpr std::size_t smallest_table = 64;
constexpr std::size_t most_routes = 16384;

}  // namespace

void routes::renew(const std::function<void(std::uint32_t)>& gone)
{
  // Before the scan: what changes while we read raises it again, and we come back.
  const std::uint64_t version = bus_.header().routes_version.load(seq_cst);
  const std::uint32_t top = bus_.clients_high_water();
  if (known_.size() < top) known_.resize(top);
  bool complete = true;
  for (std::uint32_t i = 0; i < top; ++i) complete = renew_one(i, gone) && complete;
  if (complete) seen_ = version;
  forget_routes();
}

bool routes::renew_one(std::uint32_t i, const std::function<void(std::uint32_t)>& gone)
{
  client_slot& slot = bus_.slot(i);
  subscriber& s = known_[i];
  const auto now = slot_word::unpack(slot.state.load(seq_cst));
  if (s.generation != 0 && (s.generation != now.generation || !now.owned())) {
    forget_patterns(i);
    s = {};
    gone(i);
  }
  if (slot.role.load(relaxed) != static_cast<std::uint32_t>(client_role::subscriber)) return true;
  if (now.state == slot_state::leaving && s.generation == now.generation && s.sending) {
    forget_patterns(i);
    s.sending = false;
  }
  if (now.state != slot_state::live) return true;

  const std::uint64_t version = slot.subscriptions_version.load(seq_cst);
  if (s.generation == now.generation && (s.shunned || s.version == version)) return true;
  subscriber fresh{now.generation,
                   version,
                   true,
                   false,
                   slot.queue_capacity.load(relaxed),
                   slot.max_held.load(relaxed),
                   static_cast<shmbus::overflow>(slot.overflow.load(relaxed)),
                   {}};
  if (fresh.queue_capacity - 1 >= max_queue_capacity || fresh.max_held - 1 >= max_max_held ||
      fresh.policy > shmbus::overflow::block)
    return true;  // garbage: nothing is sent there
  auto patterns = read_subscriptions(bus_, {i, now.generation});
  if (!patterns) return slot_word::unpack(slot.state.load(seq_cst)) == now;  // changed: come back
  forget_patterns(i);
  fresh.patterns = std::move(*patterns);
  for (const auto& p : fresh.patterns) trie_.insert(p, i);
  s = std::move(fresh);
  return true;
}

void routes::shun(std::uint32_t slot)
{
  forget_patterns(slot);
  known_[slot].shunned = true;
  forget_routes();
}

void routes::forget_patterns(std::uint32_t slot)
{
  for (const auto& p : known_[slot].patterns) trie_.erase(p, slot);
  known_[slot].patterns.clear();
}

void routes::forget_routes() noexcept
{
  for (auto& r : table_) r.reset();
  count_ = 0;
  last_ = nullptr;
}

route& routes::look_up(std::string_view topic, std::uint64_t hash)
{
  if (table_.empty() || count_ * 2 >= table_.size()) grow();
  std::size_t i = hash & (table_.size() - 1);
  while (table_[i] && !(table_[i]->hash == hash && table_[i]->topic == topic))
    i = (i + 1) & (table_.size() - 1);
  if (!table_[i]) {
    auto r = std::make_unique<route>();
    r->hash = hash;
    r->topic = topic;
    if (topic.size() <= inline_topic_size) topic.copy(r->inline_topic, topic.size());
    if (is_small(0, topic.size())) r->topic_words.assign(topic.data(), topic.size());
    trie_.match(topic, r->subscribers);
    for (const std::uint32_t s : r->subscribers)
      r->blocks = r->blocks || known_[s].policy == shmbus::overflow::block;
    table_[i] = std::move(r);
    ++count_;
  }
  last_ = table_[i].get();
  return *last_;
}

void routes::grow()
{
  if (count_ >= most_routes) {
    forget_routes();
    return;
  }
  std::vector<std::unique_ptr<route>> old(std::max(smallest_table, table_.size() * 2));
  old.swap(table_);
  for (auto& r : old) {
    if (!r) continue;
    std::size_t i = r->hash & (table_.size() - 1);
    while (table_[i]) i = (i + 1) & (table_.size() - 1);
    table_[i] = std::move(r);
  }
}

}  // namespace shmbus::core
