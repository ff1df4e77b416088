#include "command/top/view.hpp"

#include <algorithm>

namespace shmbus::command {

void view::press(key k, const std::vector<std::string>& names, std::size_t lines)
{
  if (typing_filter) return type(k);
  if (help) {
    help = false;
    quit = k.character == 'q';
    return;
  }
  if (k.special == special_key::escape) {
    if (tapped)
      tapped = false;
    else
      filter.clear();
  } else if (k.special == special_key::enter) {
    if (page == page::topics && !names.empty()) {
      selected = names[selected_row(names)];
      tapped = !selected.empty();  // not of all the others
    }
  } else if (k.special != special_key::none) {
    move(k, names, lines);
  } else if (k.character == 'j' || k.character == 'k') {
    move({k.character == 'j' ? special_key::down : special_key::up}, names, lines);
  } else {
    choose(k.character);
  }
}

void view::type(key k)
{
  if (k.special == special_key::enter) {
    typing_filter = false;
  } else if (k.special == special_key::escape) {
    typing_filter = false;
    filter.clear();
  } else if (k.special == special_key::backspace) {
    // A whole character.
    while (!filter.empty() && (filter.back() & 0xc0) == 0x80) filter.pop_back();
    if (!filter.empty()) filter.pop_back();
  } else if (k.special == special_key::none && static_cast<unsigned char>(k.character) >= ' ') {
    filter += k.character;
  }
}

void view::move(key k, const std::vector<std::string>& names, std::size_t lines)
{
  if (names.empty()) return;
  std::size_t row = selected_row(names);
  const std::size_t last = names.size() - 1;
  switch (k.special) {
    case special_key::up: row -= std::min<std::size_t>(row, 1); break;
    case special_key::down: row = std::min(row + 1, last); break;
    case special_key::page_up: row -= std::min(row, lines); break;
    case special_key::page_down: row = std::min(row + lines, last); break;
    case special_key::home: row = 0; break;
    case special_key::end: row = last; break;
    default: break;
  }
  selected = names[row];
}

void view::choose(char c)
{
  switch (c) {
    case 'q': quit = true; break;
    case 'h':
    case '?': help = true; break;
    case 't': turn_to(page::topics); break;
    case 'c': turn_to(page::clients); break;
    case 'm': turn_to(page::memory); break;
    case '\t':
      turn_to(page == page::topics    ? page::clients
              : page == page::clients ? page::memory
                                      : page::topics);
      break;
    case 's':
      if (page == page::topics) topics_by = next_topic_key(topics_by);
      if (page == page::clients) clients_by = next_client_key(clients_by);
      break;
    case 'r': reversed = !reversed; break;
    case '/': typing_filter = !tapped; break;
    case 'p':
    case ' ': paused = !paused; break;
    case 'f': format = next_format(format); break;
    default: break;
  }
}

void view::turn_to(command::page p)
{
  if (p != page) selected.clear();
  page = p;
  tapped = false;
}

std::size_t view::selected_row(const std::vector<std::string>& names) const noexcept
{
  const auto place = std::ranges::find(names, selected);
  return place == names.end() ? 0 : static_cast<std::size_t>(place - names.begin());
}

}  // namespace shmbus::command
