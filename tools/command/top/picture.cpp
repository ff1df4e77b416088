#include "command/top/picture.hpp"

#include "core/pattern_trie.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace shmbus::command {
namespace {

using core::client_role;

// Counters only rise; one that did not was another one's, or garbage.
std::uint64_t rise(std::uint64_t now, std::uint64_t before) noexcept
{
  return now > before ? now - before : 0;
}

struct totals {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

totals sum(const core::observed_client& c)
{
  totals t;
  if (c.received) t = {c.received->received, c.received->bytes};
  if (c.published)
    for (const auto& topic : c.published->topics) {
      t.messages += topic.messages;
      t.bytes += topic.bytes;
    }
  return t;
}

std::string state_of(const core::observed_client& c, bool stopped)
{
  if (c.dead) return "dead";
  if (c.state == core::slot_state::live) return stopped ? "stopped" : "alive";
  return core::name_of(c.state);
}

}  // namespace

std::optional<double> quantile(const std::array<std::uint64_t, core::latency_buckets>& counts,
                               double part)
{
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(all)));
  std::uint64_t below = 0;
  for (std::size_t i = 0; i != counts.size(); ++i)
    if ((below += counts[i]) >= wanted) return std::ldexp(1e-9, static_cast<int>(i));
  return std::nullopt;
}

const core::observed_client* painter::before(client_id id) const
{
  if (!before_) return nullptr;
  const auto place = std::ranges::lower_bound(before_->clients, id, {}, &core::observed_client::id);
  return place != before_->clients.end() && place->id == id ? &*place : nullptr;
}

rate painter::per_second(double now, double before) const
{
  if (!before_ || seconds_ <= 0) return std::nullopt;
  return std::max(now - before, 0.0) / seconds_;
}

picture painter::paint(const core::observation& now)
{
  seconds_ = before_ ? std::chrono::duration<double>(now.at - before_->at).count() : 0;
  picture p;
  p.max_clients = now.max_clients;
  p.buffer_size = now.buffer_size;
  p.file_bytes = now.file_bytes;
  paint_topics(now, p);
  paint_clients(now, p);
  double messages = 0;
  double bytes = 0;
  for (const topic_row& t : p.topics) {
    messages += t.messages_per_second.value_or(0);
    bytes += t.bytes_per_second.value_or(0);
  }
  if (before_) {
    p.messages_per_second = messages;
    p.bytes_per_second = bytes;
  }
  before_ = now;
  return p;
}

void painter::paint_topics(const core::observation& now, picture& p)
{
  core::pattern_trie subscriptions;
  for (const auto& c : now.clients)
    if (c.state == core::slot_state::live && !c.dead)
      for (const auto& text : c.patterns) subscriptions.insert(text, c.id.slot);

  struct sums {
    topic_row row;
    totals rise;
    std::uint64_t last_at_ns = 0;
  };
  std::map<std::string, sums> topics;
  for (const auto& c : now.clients) {
    if (!c.published) continue;
    std::map<std::string, const core::topic_counts*> before_by_topic;
    const auto* earlier = before(c.id);
    if (earlier && earlier->published)
      for (const auto& t : earlier->published->topics) before_by_topic[t.topic] = &t;
    for (const auto& t : c.published->topics) {
      sums& s = topics[t.topic];
      s.row.messages += t.messages;
      s.row.bytes += t.bytes;
      s.row.unheard += t.unheard;
      ++s.row.publishers;
      if (s.row.publishers == 1 || t.last_at_ns > s.last_at_ns) s.row.last_size = t.last_size;
      s.last_at_ns = std::max(s.last_at_ns, t.last_at_ns);
      const auto was = before_by_topic.find(t.topic);
      const bool known = was != before_by_topic.end();
      s.rise.messages += rise(t.messages, known ? was->second->messages : 0);
      s.rise.bytes += rise(t.bytes, known ? was->second->bytes : 0);
    }
  }

  std::map<std::string, sighting> seen;
  for (auto& [topic, s] : topics) {
    s.row.topic = topic;
    s.row.messages_per_second = per_second(static_cast<double>(s.rise.messages), 0);
    s.row.bytes_per_second = per_second(static_cast<double>(s.rise.bytes), 0);
    if (!topic.empty()) {
      std::vector<std::uint32_t> readers;
      subscriptions.match(topic, readers);
      s.row.subscribers = static_cast<std::uint32_t>(readers.size());
    }
    // A message that nobody heard has no time, nor has one of a publisher without a clock: there it
    // is the look at which there were more of them.
    const auto earlier = last_seen_.find(topic);
    sighting here{s.row.messages, std::nullopt};
    if (earlier != last_seen_.end()) here.at = earlier->second.at;
    if (before_ && (earlier == last_seen_.end() || earlier->second.messages != s.row.messages))
      here.at = now.at;
    const auto now_ns = static_cast<std::uint64_t>(now.at.time_since_epoch().count());
    if (s.last_at_ns != 0)
      s.row.age_seconds = static_cast<double>(rise(now_ns, s.last_at_ns)) * 1e-9;
    if (here.at) {
      const double age = std::chrono::duration<double>(now.at - *here.at).count();
      if (s.row.unheard != 0 || !s.row.age_seconds)
        s.row.age_seconds = std::min(age, s.row.age_seconds.value_or(age));
    }
    seen.emplace(topic, here);
    p.topics.push_back(std::move(s.row));
  }
  last_seen_ = std::move(seen);
}

void painter::paint_clients(const core::observation& now, picture& p)
{
  for (const auto& c : now.clients) {
    client_row r;
    r.id = c.id;
    r.publisher = c.role == client_role::publisher;
    r.pid = c.pid;
    const auto [name, stopped] = find_process_(c);
    r.process = name;
    r.state = state_of(c, stopped);
    const totals t = sum(c);
    const auto* earlier = before(c.id);
    const totals was = earlier ? sum(*earlier) : totals{};
    r.messages = t.messages;
    r.messages_per_second =
        per_second(static_cast<double>(t.messages), static_cast<double>(was.messages));
    r.bytes_per_second = per_second(static_cast<double>(t.bytes), static_cast<double>(was.bytes));
    if (c.published) r.refused = c.published->refused_queue_full + c.published->refused_buffer_full;
    if (c.received) {
      r.lost = c.received->lost;
      auto latency = c.received->latency;
      if (earlier && earlier->received)
        for (std::size_t i = 0; i != latency.size(); ++i)
          latency[i] = rise(latency[i], earlier->received->latency[i]);
      r.latency = quantile(latency, 0.5);
    }
    r.data_bytes = std::uint64_t{c.data_pages} * core::page_size;
    r.control_bytes = std::uint64_t{c.control_pages} * core::page_size;
    r.patterns = c.patterns;
    p.data_bytes += r.data_bytes;
    p.control_bytes += r.control_bytes;
    p.clients.push_back(std::move(r));
  }
  const auto row_of = [&p](std::uint32_t slot) {
    return std::ranges::find(p.clients, slot, [](const client_row& r) { return r.id.slot; });
  };
  for (const auto& lane : now.lanes) {
    const auto from = row_of(lane.publisher.slot);
    const auto to = row_of(lane.subscriber.slot);
    if (from == p.clients.end() || to == p.clients.end()) continue;
    const double fill = static_cast<double>(lane.queued) / lane.capacity;
    for (client_row* r : {&*from, &*to}) {
      r->queued += lane.queued;
      r->queue_fill = std::max(r->queue_fill.value_or(0), fill);
      r->held += lane.held;
    }
    from->lost += lane.lost;
    if (from->state == "orphan" || from->state == "dead" || from->state == "dying") {
      ++from->pins;
      ++to->pins;
    }
  }
}

}  // namespace shmbus::command
