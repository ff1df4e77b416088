#include "core/observe.hpp"

#include "core/clients.hpp"
#include "core/subscription_table.hpp"

#include <sys/stat.h>

#include <map>

namespace shmbus::core {
namespace {

observed_client look_at(const bus& b, std::uint32_t i, slot_word state)
{
  const client_slot& s = b.slot(i);
  const lessee who{i, state.generation};
  observed_client c;
  c.id = {i, state.generation};
  c.state = state.state;
  c.role = static_cast<client_role>(s.role.load(relaxed));
  c.pid = s.pid.load(relaxed);
  c.dead = state.owned() && !b.lock().held_by_anyone(client_byte(i));
  if (c.role == client_role::publisher) {
    c.published = read_publisher_statistics(b, who);
  } else if (c.role == client_role::subscriber) {
    c.queue_capacity = s.queue_capacity.load(relaxed);
    c.max_held = s.max_held.load(relaxed);
    c.overflow = s.overflow.load(relaxed);
    c.patterns = read_subscriptions(b, who).value_or(std::vector<std::string>{});
    c.received = read_subscriber_statistics(b, who);
  }
  return c;
}

void look_at_lanes(const bus& b, lessee publisher, std::vector<lane_counts>& lanes)
{
  // acquire, twice: pair with the releases of the publisher after it filled directory and lane.
  const auto root = place_word::unpack(b.slot(publisher.slot).root.load(acquire));
  const auto* directory = b.control_at<const shared_u64>(root.page, b.limits().directory_size());
  if (!directory || root.generation != publisher.generation) return;
  for (std::uint32_t i = 0, top = b.clients_high_water(); i < top; ++i) {
    const auto place = place_word::unpack(directory[i].load(acquire));
    if (place.page == 0) continue;
    if (const auto lane = count_lane(b, publisher, i, place)) lanes.push_back(*lane);
  }
}

void count_pages(const page_table& table, std::map<std::uint64_t, std::uint32_t>& by_owner)
{
  for (std::uint32_t p = table.first(), top = table.high_water(); p < top; ++p)
    if (const std::uint64_t owner = table.owner(p)) ++by_owner[owner];
}

std::uint64_t taken_bytes(const std::filesystem::path& file) noexcept
{
  struct stat s;
  return ::stat(file.c_str(), &s) == 0 ? static_cast<std::uint64_t>(s.st_blocks) * 512 : 0;
}

}  // namespace

std::uint64_t file_bytes(const bus& b) noexcept
{
  return taken_bytes(b.path() / "control") + taken_bytes(b.path() / "data");
}

const char* name_of(slot_state s) noexcept
{
  switch (s) {
    case slot_state::free: return "free";
    case slot_state::live: return "live";
    case slot_state::leaving: return "leaving";
    case slot_state::dying: return "dying";
    case slot_state::dead: return "orphan";
    case slot_state::reclaim: return "reclaim";
  }
  return "corrupt";
}

observation observe(const bus& b)
{
  observation o;
  o.at = std::chrono::steady_clock::now();
  o.buffer_size = b.limits().buffer_size;
  o.max_clients = b.limits().max_clients;
  for (std::uint32_t i = 0, top = b.clients_high_water(); i < top; ++i) {
    const auto state = slot_word::unpack(b.slot(i).state.load(seq_cst));
    if (state.state == slot_state::free) continue;
    o.clients.push_back(look_at(b, i, state));
    if (o.clients.back().role == client_role::publisher)
      look_at_lanes(b, {i, state.generation}, o.lanes);
  }
  std::map<std::uint64_t, std::uint32_t> control;
  std::map<std::uint64_t, std::uint32_t> data;
  count_pages(b.control_pages(), control);
  count_pages(b.data_pages(), data);
  for (observed_client& c : o.clients) {
    const std::uint64_t owner = owner_word::of(c.id.slot, c.id.generation);
    c.control_pages = control[owner];
    c.data_pages = data[owner];
  }
  o.file_bytes = file_bytes(b);
  return o;
}

}  // namespace shmbus::core
