#include "command/top/frame.hpp"

#include "command/number.hpp"
#include "command/text.hpp"
#include "command/top/cells.hpp"
#include "command/top/lists.hpp"

#include <algorithm>
#include <utility>

namespace shmbus::command {
namespace {

constexpr std::size_t lines_above = 4;  // the bus, its memory, what is chosen, the titles
constexpr std::size_t lines_below = 1;

constexpr const char* help_text[] = {
    "t c m  Tab    topics, clients, memory",
    "Up Down j k   select; also PgUp, PgDn, Home, End",
    "Enter         the last messages on a topic (joins the bus meanwhile); Esc: back",
    "f             show them as text, hex or JSON",
    "s  r          sort by the next column; the other way round",
    "/             filter: part of a name, or a pattern with * or #; Esc: all",
    "Space p       pause and go on",
    "q             quit",
    "",
    "Topics   SIZE of the last message, SUBS and PUBS clients, AGE of the last message,",
    "         UNHEARD messages for which there was no subscriber",
    "Clients  QUEUE how full the fullest queue is, LOST messages, REFUSED tries to publish,",
    "         HELD messages not yet released, PINS dead publishers with unread messages,",
    "         LATENCY half of the messages came sooner (measured for some of them)",
};

std::string head(const scene& s)
{
  const auto publishers =
      std::ranges::count_if(s.picture.clients, [](const client_row& c) { return c.publisher; });
  std::string text = showable(s.bus);
  if (!s.problem.empty()) return text;
  text += "  " + counted(static_cast<std::uint64_t>(publishers), "publisher") + ", " +
          counted(s.picture.clients.size() - static_cast<std::size_t>(publishers), "subscriber");
  return text + "  " + s.time;
}

std::string memory_line(const scene& s)
{
  const picture& p = s.picture;
  std::string text;
  if (p.messages_per_second)
    text = short_number(*p.messages_per_second) + " messages/s, " +
           short_bytes(p.bytes_per_second.value_or(0)) + " bytes/s;  ";
  return text + "buffer " + short_bytes(static_cast<double>(p.data_bytes)) + " of " +
         short_bytes(static_cast<double>(p.buffer_size)) + ";  control " +
         short_bytes(static_cast<double>(p.control_bytes));
}

std::string choices(const view& v)
{
  std::string text;
  for (const auto& [p, name] :
       {std::pair{page::topics, "topics"}, {page::clients, "clients"}, {page::memory, "memory"}})
    text += (v.page == p ? "[" : " ") + std::string(name) + (v.page == p ? "] " : "  ");
  if (v.paused) text += "PAUSED ";
  if (!v.filter.empty()) text += "filter: " + showable(v.filter) + " ";
  if (v.page != page::memory)
    text += std::string("sorted by ") +
            name_of(v.page == page::topics ? v.topics_by : v.clients_by) +
            (v.reversed ? ", reversed" : "");
  return text;
}

std::string foot(const view& v)
{
  if (v.typing_filter) return "filter: " + showable(v.filter) + "_";
  if (v.help) return "any key: back";
  if (v.tapped) return std::string("Esc back  f: ") + name_of(v.format) + "  Space pause  q quit";
  return "q quit  h help  Tab page  s sort  / filter  Space pause  Enter messages";
}

void add_rows(std::vector<frame_line>& lines, const view& v, const scene& s, std::size_t width,
              std::size_t height)
{
  const grid g = rows_of(v, s.picture);
  const auto text = g.lines(width);
  lines.push_back({text.front(), look::inverse});
  const std::size_t room = room_for_rows(height);
  const std::size_t selected = v.selected_row(g.names);
  // Pages that stay where they are while one moves within them.
  const std::size_t first = room == 0 ? 0 : selected / room * room;
  for (std::size_t i = first; i < std::min(first + room, g.rows.size()); ++i)
    lines.push_back(
        {text[i + 1], i == selected && v.page != page::memory ? look::bold : look::plain});
  if (g.rows.empty()) lines.push_back({fitted("nothing to show", width)});
}

void add_payloads(std::vector<frame_line>& lines, const view& v, const tap& t, std::size_t width,
                  std::size_t height)
{
  std::string title = showable(v.selected) + "  " + counted(t.received(), "message");
  if (t.lost() != 0) title += ", " + std::to_string(t.lost()) + " not taken in time";
  if (t.problem()) title += ": " + t.problem().message();
  lines.push_back({fitted(title, width), look::inverse});
  if (t.samples().empty()) lines.push_back({fitted("no message yet", width)});
  for (const auto& m : t.samples()) {
    if (lines.size() + lines_below + 1 >= height) return;
    lines.push_back({fitted("#" + std::to_string(m.sequence) + " from " + m.publisher + ", " +
                                counted(m.size, "byte"),
                            width),
                     look::bold});
    for (auto& line :
         payload_lines(m.payload, v.format, width, height - lines.size() - lines_below))
      lines.push_back({std::move(line)});
  }
}

}  // namespace

grid rows_of(const view& v, picture p)
{
  switch (v.page) {
    case page::topics:
      filter_topics(p.topics, v.filter);
      sort_topics(p.topics, v.topics_by, v.reversed);
      return topics_grid(p.topics);
    case page::clients:
      filter_clients(p.clients, v.filter);
      sort_clients(p.clients, v.clients_by, v.reversed);
      return clients_grid(p.clients);
    case page::memory: break;
  }
  return memory_grid(p);
}

std::size_t room_for_rows(std::size_t height) noexcept
{
  return height > lines_above + lines_below ? height - lines_above - lines_below : 0;
}

std::vector<frame_line> frame(const view& v, const scene& s, std::size_t width, std::size_t height)
{
  std::vector<frame_line> lines;
  lines.push_back({fitted(head(s), width), look::bold});
  if (v.help) {
    for (const char* text : help_text) lines.push_back({fitted(text, width)});
  } else if (!s.problem.empty()) {
    lines.push_back({fitted(s.problem, width)});
    lines.push_back({fitted("waiting for a bus of that name", width)});
  } else {
    lines.push_back({fitted(memory_line(s), width)});
    lines.push_back({fitted(choices(v), width)});
    if (v.tapped && s.payloads)
      add_payloads(lines, v, *s.payloads, width, height);
    else
      add_rows(lines, v, s, width, height);
  }
  lines.resize(height > 0 ? height - 1 : 0, {std::string(width, ' ')});
  if (height > 0) lines.push_back({fitted(foot(v), width), look::inverse});
  return lines;
}

}  // namespace shmbus::command
