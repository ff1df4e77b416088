#include "command/top/lists.hpp"

#include "command/number.hpp"
#include "command/text.hpp"
#include "command/top/cells.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace shmbus::command {
namespace {

constexpr auto unknown = "-";

std::string number_or_unknown(const rate& r) { return r ? short_number(*r) : unknown; }
std::string bytes_or_unknown(const rate& r) { return r ? short_bytes(*r) : unknown; }
std::string time_or_unknown(const std::optional<double>& t) { return t ? short_time(*t) : unknown; }

std::string count(std::uint64_t n) { return short_number(static_cast<double>(n)); }
std::string bytes(std::uint64_t n) { return short_bytes(static_cast<double>(n)); }

std::string percent(double part) { return std::to_string(std::lround(part * 100)) + "%"; }

std::string bar(double part)
{
  constexpr std::size_t whole = 20;
  const auto n = static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * whole + 0.5);
  return std::string(n, '#') + std::string(whole - n, '.');
}

std::string role(const client_row& c) { return c.publisher ? "pub" : "sub"; }

}  // namespace

grid topics_grid(const std::vector<topic_row>& rows)
{
  grid g{{{"TOPIC"},
          {"RATE/S", true, 0},
          {"BYTES/S", true, 1},
          {"SIZE", true, 4},
          {"SUBS", true, 2},
          {"PUBS", true, 5},
          {"AGE", true, 3},
          {"UNHEARD", true, 6}},
         {},
         {}};
  for (const topic_row& t : rows) {
    g.names.push_back(t.topic);
    g.rows.push_back(
        {t.topic.empty() ? "(others)" : showable(t.topic), number_or_unknown(t.messages_per_second),
         bytes_or_unknown(t.bytes_per_second), bytes(t.last_size),
         t.topic.empty() ? unknown : std::to_string(t.subscribers), std::to_string(t.publishers),
         time_or_unknown(t.age_seconds), count(t.unheard)});
  }
  return g;
}

grid clients_grid(const std::vector<client_row>& rows)
{
  grid g{{{"PROCESS"},
          {"CLIENT", true, 1},
          {"ROLE", false, 2},
          {"PID", true, 5},
          {"STATE", false, 0},
          {"RATE/S", true, 1},
          {"BYTES/S", true, 8},
          {"QUEUE", true, 3},
          {"LOST", true, 2},
          {"REFUSED", true, 10},
          {"HELD", true, 7},
          {"PINS", true, 9},
          {"LATENCY", true, 6}},
         {},
         {}};
  for (const client_row& c : rows) {
    g.names.push_back(client_name(c.id));
    g.rows.push_back({c.process.empty() ? "?" : showable(c.process), client_name(c.id), role(c),
                      std::to_string(c.pid), c.state, number_or_unknown(c.messages_per_second),
                      bytes_or_unknown(c.bytes_per_second),
                      c.queue_fill ? percent(*c.queue_fill) : unknown, count(c.lost),
                      c.publisher ? count(c.refused) : unknown, count(c.held), count(c.pins),
                      time_or_unknown(c.latency)});
  }
  return g;
}

grid memory_grid(const picture& p)
{
  grid g{{{"OWNER"},
          {"CLIENT", true, 2},
          {"ROLE", false, 4},
          {"MESSAGES", true, 0},
          {"OF BUFFER", true, 3},
          {"CONTROL", true, 1},
          {"", false, 5}},
         {},
         {}};
  const auto add = [&](const std::string& owner, const std::string& client, const std::string& what,
                       std::uint64_t data, std::uint64_t control) {
    const double part = static_cast<double>(data) / static_cast<double>(p.buffer_size);
    g.names.push_back(client.empty() ? owner : client);
    g.rows.push_back({owner, client, what, bytes(data), percent(part), bytes(control), bar(part)});
  };
  std::vector<client_row> clients = p.clients;
  std::ranges::stable_sort(clients, std::ranges::greater{}, [](const client_row& c) {
    return std::pair{c.data_bytes, c.control_bytes};
  });
  add("(all)", "", "", p.data_bytes, p.control_bytes);
  for (const client_row& c : clients)
    add(c.process.empty() ? "?" : showable(c.process), client_name(c.id), role(c), c.data_bytes,
        c.control_bytes);
  add("(free)", "", "", p.buffer_size - std::min(p.data_bytes, p.buffer_size), 0);
  return g;
}

}  // namespace shmbus::command
