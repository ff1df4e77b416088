#pragma once

#include "command/top/ordering.hpp"
#include "command/top/payload.hpp"

#include <cstddef>
#include <string>

namespace shmbus::command {

enum class page { topics, clients, memory };

/// Keys that are no characters.
enum class special_key { none, up, down, page_up, page_down, home, end, enter, escape, backspace };

struct key {
  special_key special = special_key::none;
  char character = 0;  // a byte of it, if it has several
};

/// What somebody chose to see: all that keys change, and nothing of the screen or the bus.
struct view {
  command::page page = page::topics;
  sort_key topics_by = sort_key::rate;
  sort_key clients_by = sort_key::name;
  bool reversed = false;
  bool paused = false;
  bool help = false;
  std::string filter;
  bool typing_filter = false;
  bool tapped = false;  // the selected topic's payloads are shown
  payload_format format = payload_format::text;
  std::string selected;  // the name of a row; empty: the first one
  bool quit = false;

  /// What a key does. `names` are the rows there are, `lines` how many of them a page holds.
  void press(key k, const std::vector<std::string>& names, std::size_t lines);

  /// The row that is selected among those; 0 if it is not there (any more).
  std::size_t selected_row(const std::vector<std::string>& names) const noexcept;

private:
  void type(key k);
  void move(key k, const std::vector<std::string>& names, std::size_t lines);
  void choose(char c);
  void turn_to(command::page p);
};

}  // namespace shmbus::command
