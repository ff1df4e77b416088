#include "core/audit.hpp"

#include "core/audit_look.hpp"
#include "core/bells.hpp"
#include "core/clients.hpp"
#include "core/recovery.hpp"
#include "shm/process.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <thread>
#include <utility>

namespace shmbus::core {
namespace {

using namespace std::chrono_literals;

constexpr int looks = 8;

std::string slot_text(std::uint32_t i) { return "slot " + std::to_string(i); }

// "slot 3 (publisher, pid 77)"
std::string client_text(const bus& b, std::uint32_t i)
{
  const client_slot& s = b.slot(i);
  const auto role = s.role.load(relaxed);
  const char* name = role == static_cast<std::uint32_t>(client_role::publisher)    ? "publisher"
                     : role == static_cast<std::uint32_t>(client_role::subscriber) ? "subscriber"
                                                                                   : "nothing";
  return slot_text(i) + " (" + name + ", pid " + std::to_string(s.pid.load(relaxed)) + ")";
}

// What both have.
std::vector<std::string> common(std::vector<std::string> a, std::vector<std::string> b)
{
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

}  // namespace

audit_report audit(bus& b)
{
  audit_report r = audit_look(b).take();
  auto problems = r.problems;
  auto pending = r.pending;
  for (int i = 1; i != looks && !problems.empty(); ++i) {
    std::this_thread::sleep_for(10ms * i);
    r = audit_look(b).take();
    problems = common(std::move(problems), r.problems);
    pending = common(std::move(pending), r.pending);
  }
  r.problems = std::move(problems);
  r.pending = std::move(pending);
  return r;
}

audit_report audit_look::take()
{
  reached_.assign(bus_.control_pages().end(), false);
  look_at_slots();
  look_at_bells();
  for (std::uint32_t i = 0; i != seen_.size(); ++i) look_at_client(i);
  look_at_counts();
  look_at_pages();
  return std::move(report_);
}

void audit_look::unfinished(std::initializer_list<std::uint32_t> slots, std::string text)
{
  for (const std::uint32_t i : slots)
    if (shm::look_up_process(bus_.slot(i).pid.load(relaxed)).stopped)
      return pending(text + "; " + client_text(bus_, i) + " is stopped");
  problem(std::move(text));
}

void audit_look::look_at_slots()
{
  const std::uint32_t top = bus_.clients_high_water();
  seen_.resize(top);
  // A client that joins meanwhile has lanes too.
  taken_.assign(bus_.limits().max_clients, 0);
  pushed_.assign(bus_.limits().max_clients, 0);
  for (std::uint32_t i = 0; i != bus_.limits().max_clients; ++i) {
    const auto word = bus_.slot(i).state.load(seq_cst);
    const auto state = slot_word::unpack(word);
    if (i >= top) {
      if (state.state != slot_state::free) problem(slot_text(i) + " is above the highest in use");
      continue;
    }
    seen_[i] = state;
    if (state.state > slot_state::reclaim || state.pack() != word) {
      problem(slot_text(i) + " has the word " + std::to_string(word) + ", which is no state");
      seen_[i] = {};
      continue;
    }
    if (state.owned() && !bus_.lock().held_by_anyone(client_byte(i)))
      pending(client_text(bus_, i) + " is dead, and the next sweep takes it away");
  }
}

void audit_look::look_at_bells()
{
  for (std::uint32_t i = 0, top = bus_.bells_high_water(); i != top; ++i) {
    const auto word = bus_.bell(i).state.load(seq_cst);
    const auto state = slot_word::unpack(word);
    const bool known = state.state == slot_state::free || state.state == slot_state::live;
    if (!known || state.pack() != word)
      problem("bell " + std::to_string(i) + " has the word " + std::to_string(word) +
              ", which is no state");
    else if (state.state == slot_state::live && !bus_.lock().held_by_anyone(bell_byte(bus_, i)))
      pending("bell " + std::to_string(i) + " is of a dead process, and the next sweep frees it");
  }
}

void audit_look::look_at_client(std::uint32_t i)
{
  const slot_word state = seen_[i];
  if (state.state == slot_state::free) return;
  const lessee who{i, state.generation};
  const auto role = static_cast<client_role>(bus_.slot(i).role.load(relaxed));
  const std::size_t problems_before = report_.problems.size();
  if (role == client_role::publisher) {
    ++(state.owned() ? report_.publishers : report_.orphans);
    look_at_directory(who, state.state);
    if (state.state == slot_state::dead) {
      const auto reader = next_reader(bus_, who, 0);
      pending(client_text(bus_, i) + " is gone; " +
              (reader ? client_text(bus_, *reader) + " has yet to receive what it published"
                      : "the next sweep takes it away"));
    }
  } else if (role == client_role::subscriber) {
    ++report_.subscribers;
    if (state.owned()) look_at_patterns(who);
  } else {
    problem(slot_text(i) + " is of neither a publisher nor a subscriber");
  }
  if (state.state != slot_state::reclaim) look_at_statistics(who, role);
  // What was found of a client that went meanwhile says nothing.
  if (slot_word::unpack(bus_.slot(i).state.load(seq_cst)) != state)
    report_.problems.resize(problems_before);
}

bool audit_look::reach(lessee owner, std::uint32_t first, std::uint32_t count,
                       std::string_view what)
{
  const auto& pages = bus_.control_pages();
  const std::string name = std::string(what) + " of " + client_text(bus_, owner.slot);
  if (first < pages.first() || first >= pages.high_water() || count > pages.high_water() - first) {
    problem("the " + name + " lies outside of the pages in use");
    return false;
  }
  for (std::uint32_t p = first; p != first + count; ++p) {
    if (pages.owner(p) != owner.word()) {
      problem("control page " + std::to_string(p) + ", in the " + name + ", is not its own");
      return false;
    }
    if (reached_[p]) problem("control page " + std::to_string(p) + " is used twice");
    reached_[p] = true;
  }
  return true;
}

void audit_look::look_at_patterns(lessee subscriber)
{
  const auto root = place_word::unpack(bus_.slot(subscriber.slot).root.load(acquire));
  if (root.page == 0) return;
  if (root.generation != subscriber.generation)
    return problem(client_text(bus_, subscriber.slot) + " has the patterns of another one");
  std::uint64_t page = root.page;
  std::uint32_t left = bus_.limits().max_subscriptions_per_client / patterns_per_page + 1;
  while (page != 0) {
    if (left-- == 0)
      return problem("the patterns of " + client_text(bus_, subscriber.slot) + " have no end");
    if (page >= bus_.control_pages().end() ||
        !reach(subscriber, static_cast<std::uint32_t>(page), 1, "list of patterns"))
      return;
    page =
        bus_.control_at<const pattern_page>(static_cast<std::uint32_t>(page))->next.load(acquire);
  }
}

void audit_look::look_at_directory(lessee publisher, slot_state state)
{
  const auto root = place_word::unpack(bus_.slot(publisher.slot).root.load(acquire));
  if (root.page == 0) return;  // just joined, or died joining
  if (root.generation != publisher.generation)
    return problem(client_text(bus_, publisher.slot) + " has the directory of another one");
  if (state == slot_state::reclaim) return;  // its pages are just being given back
  const geometry& limits = bus_.limits();
  const auto* directory = bus_.control_at<const shared_u64>(root.page, limits.directory_size());
  if (!directory)
    return problem("the directory of " + client_text(bus_, publisher.slot) + " is outside of it");
  if (!reach(publisher, root.page, limits.directory_pages(), "directory")) return;
  for (std::uint32_t i = 0; i != limits.max_clients; ++i) {
    const auto place = place_word::unpack(directory[i].load(acquire));
    if (place.page != 0) look_at_lane(publisher, state, i, place);
  }
}

// Each page has an owner that there is; those of `control` are reached from it.
void audit_look::look_at_pages()
{
  std::map<std::uint32_t, std::uint32_t> unreached;  // slot: pages
  const auto look = [&](page_table& table, const char* file, std::uint32_t& count, auto each) {
    for (std::uint32_t p = table.first(), top = table.high_water(); p < top; ++p) {
      const std::uint64_t owner = table.owner(p);
      if (owner == 0) continue;
      ++count;
      const auto slot = static_cast<std::uint32_t>(owner & 0xffff) - 1;
      const auto generation = static_cast<std::uint32_t>(owner >> 16);
      const std::string name = std::string(file) + " page " + std::to_string(p);
      if (slot >= bus_.limits().max_clients) {
        problem(name + " is owned by " + slot_text(slot) + ", which there is not");
        continue;
      }
      const auto now = slot_word::unpack(bus_.slot(slot).state.load(seq_cst));
      if (now.state == slot_state::free || now.generation != generation)
        problem(name + " leaked: its owner, generation " + std::to_string(generation) + " of " +
                slot_text(slot) + ", is gone");
      else
        each(p, slot, now, name);
    }
  };
  look(bus_.control_pages(), "control", report_.control_pages,
       [&](std::uint32_t p, std::uint32_t slot, slot_word now, const std::string&) {
         if (!reached_[p] && now.owned()) ++unreached[slot];
       });
  look(bus_.data_pages(), "data", report_.data_pages,
       [&](std::uint32_t, std::uint32_t slot, slot_word, const std::string& name) {
         if (bus_.slot(slot).role.load(relaxed) !=
             static_cast<std::uint32_t>(client_role::publisher))
           problem(name + " is owned by " + client_text(bus_, slot) + ", who does not publish");
       });
  for (const auto& [slot, count] : unreached) {
    // One that was killed here is a matter of the next sweep.
    const std::string text = std::to_string(count) + " control pages of " +
                             client_text(bus_, slot) + " are leased and lead nowhere";
    if (bus_.lock().held_by_anyone(client_byte(slot)))
      problem(text);
    else
      pending(text);
  }
}

}  // namespace shmbus::core
