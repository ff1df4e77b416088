#include "core/inspect.hpp"

#include "core/observe.hpp"
#include "core/recovery.hpp"
#include "core/subscription_table.hpp"

#include <algorithm>
#include <map>

namespace shmbus::core {
namespace {

std::uint64_t leased_bytes(const page_table& pages) noexcept
{
  std::uint64_t count = 0;
  for (std::uint32_t p = pages.first(), top = pages.high_water(); p < top; ++p)
    if (pages.owner(p) != 0) ++count;
  return count * page_size;
}

}  // namespace

bus_info inspect(bus& b)
{
  bus_info info;
  info.path = b.path();
  info.config = b.config();
  if (b.forked()) return info;
  for (std::uint32_t i = 0, top = b.clients_high_water(); i < top; ++i) {
    const client_slot& s = b.slot(i);
    const auto word = slot_word::unpack(s.state.load(acquire));
    if (word.state == slot_state::free) continue;
    client_info c;
    c.id = {i, word.generation};
    c.publisher = s.role.load(relaxed) == static_cast<std::uint32_t>(client_role::publisher);
    c.state = name_of(word.state);
    c.pid = static_cast<::pid_t>(s.pid.load(relaxed));
    if (!c.publisher) {
      c.queue_capacity = s.queue_capacity.load(relaxed);
      c.max_held = s.max_held.load(relaxed);
      c.overflow = static_cast<shmbus::overflow>(s.overflow.load(relaxed));
      c.patterns = read_subscriptions(b, {i, word.generation}).value_or(std::vector<std::string>{});
    }
    if (c.publisher && word.state == slot_state::dead)
      for (auto r = next_reader(b, {i, word.generation}, 0); r;
           r = next_reader(b, {i, word.generation}, *r + 1))
        c.unread_by.push_back({*r, slot_word::unpack(b.slot(*r).state.load(acquire)).generation});
    info.clients.push_back(std::move(c));
  }
  info.message_bytes_used = leased_bytes(b.data_pages());
  info.control_bytes_used = leased_bytes(b.control_pages());
  info.file_bytes = file_bytes(b);
  return info;
}

std::string explain_full(bus& b)
{
  const bus_info info = inspect(b);
  std::map<client_id, std::size_t> kept;  // by each subscriber
  std::size_t orphans = 0;
  for (const client_info& c : info.clients) {
    if (!c.unread_by.empty()) ++orphans;
    for (const client_id reader : c.unread_by) ++kept[reader];
  }
  if (orphans == 0) return {};
  const auto most = std::max_element(kept.begin(), kept.end(),
                                     [](auto& x, auto& y) { return x.second < y.second; });
  return std::to_string(orphans) + " of " + std::to_string(info.config.max_clients) +
         " places are kept by publishers that ended, until what they published is received; most "
         "(" +
         std::to_string(most->second) + ") by the subscriber in slot " +
         std::to_string(most->first.slot) + ", process " +
         std::to_string(b.slot(most->first.slot).pid.load(relaxed));
}

}  // namespace shmbus::core
