#include "core/audit_look.hpp"
#include "core/read_statistics.hpp"

namespace shmbus::core {

void audit_look::look_at_statistics(lessee client, client_role role)
{
  const auto place = place_word::unpack(bus_.slot(client.slot).statistics.load(acquire));
  if (place.page == 0) return;  // just joined, or there was no memory for them
  const std::string name = "statistics of slot " + std::to_string(client.slot);
  if (place.generation != client.generation) return problem("the " + name + " are another one's");
  if (role == client_role::subscriber) {
    reach(client, place.page, 1, "statistics");
    return;
  }
  const bool sound =
      for_each_topic_page(bus_, client, [&](std::uint32_t number, const topic_page& page) {
        if (!reach(client, number, 1, "statistics")) return false;
        if (page.end.load(relaxed) > page_size) problem("the " + name + " do not fit a page");
        return true;
      });
  if (!sound) problem("the " + name + " have no end, or lie outside of the pages");
}

// After the lanes, so that these numbers are the later ones: they may only be larger.
void audit_look::look_at_counts()
{
  for (std::uint32_t i = 0; i != seen_.size(); ++i) {
    const lessee client{i, seen_[i].generation};
    if (const auto counts = taken_[i] ? read_subscriber_statistics(bus_, client) : std::nullopt;
        counts && counts->received + 1 < taken_[i])  // one may be about to be counted
      problem("slot " + std::to_string(i) + " received " + std::to_string(counts->received) +
              " messages, and " + std::to_string(taken_[i]) +
              " from the publishers that are there");
    if (const auto counts = pushed_[i] ? read_publisher_statistics(bus_, client) : std::nullopt) {
      std::uint64_t sent = 0;
      for (const topic_counts& t : counts->topics) sent += t.messages;
      if (sent >= pushed_[i]) continue;
      std::string text = "slot " + std::to_string(i) + " published " + std::to_string(sent) +
                         " messages, and " + std::to_string(pushed_[i]) + " to one subscriber";
      if (sent + 1 == pushed_[i])  // between publishing one and counting it
        unfinished({i}, std::move(text));
      else
        problem(std::move(text));
    }
  }
}

}  // namespace shmbus::core
