#include "config/keys.hpp"

#include "core/bus_directory.hpp"
#include "core/layout.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace shmbus::config {
namespace {

template <class Part, class Field>
key number(std::string table, std::string name, Part settings::*part, Field Part::*field,
           std::uint64_t least, std::uint64_t most, std::string about)
{
  const auto set = [=](settings& s, const value& v) {
    const auto n = as_number(v);
    if (!n || *n < least || *n > most) return false;
    s.*part.*field = static_cast<Field>(*n);
    return true;
  };
  return {std::move(table), std::move(name),
          "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
          std::move(about), set};
}

template <class Part>
key flag(std::string table, std::string name, Part settings::*part, bool Part::*field,
         std::string about)
{
  const auto set = [=](settings& s, const value& v) {
    const auto given = as_flag(v);
    if (given) s.*part.*field = *given;
    return given.has_value();
  };
  return {std::move(table), std::move(name), "true or false", std::move(about), set};
}

// `names` in the order of the enumeration.
template <class Part, class Enum>
key word(std::string table, std::string name, Part settings::*part, Enum Part::*field,
         const std::vector<std::string>& names, std::string about)
{
  const auto set = [=](settings& s, const value& v) {
    const std::string* text = as_text(v);
    const auto found = text ? std::find(names.begin(), names.end(), *text) : names.end();
    if (found == names.end()) return false;
    s.*part.*field = static_cast<Enum>(found - names.begin());
    return true;
  };
  std::string takes = "one of";
  for (const auto& n : names) takes += (&n == &names.front() ? " \"" : ", \"") + n + '"';
  return {std::move(table), std::move(name), takes, std::move(about), set};
}

bool set_name(settings& s, const value& v)
{
  const std::string* text = as_text(v);
  if (!text || !core::valid_bus_name(*text)) return false;
  s.bus.name = *text;
  return true;
}

bool set_directory(settings& s, const value& v)
{
  const std::string* text = as_text(v);
  // A file is for programs that run anywhere; a variable is set where the program is started.
  const bool relative = std::holds_alternative<std::string>(v) && text && !text->starts_with('/');
  if (!text || text->empty() || relative || text->find('\0') != std::string::npos) return false;
  s.bus.directory = *text;
  return true;
}

bool set_buffer_size(settings& s, const value& v)
{
  const auto size = as_size(v);
  if (!size || *size < core::min_buffer_size || *size > core::max_buffer_size) return false;
  s.bus.buffer_size = *size;
  return true;
}

// As text only: who writes 660 without quotes means octal digits and would get decimal ones.
bool set_mode(settings& s, const value& v)
{
  const std::string* text = as_text(v);
  if (!text || text->empty()) return false;
  unsigned mode = 0;
  const char* const end = text->data() + text->size();
  const auto [stopped, ec] = std::from_chars(text->data(), end, mode, 8);
  broker_config tried;
  tried.mode = static_cast<::mode_t>(mode);
  if (ec != std::errc{} || stopped != end || core::check_config(tried)) return false;
  s.bus.mode = tried.mode;
  return true;
}

bool set_group(settings& s, const value& v)
{
  const std::string* text = as_text(v);
  if (text) s.bus.group = *text;
  return text != nullptr;
}

bool set_spin_for(settings& s, const value& v)
{
  const auto time = as_duration(v);
  if (time) s.subscriber.spin_for = *time;
  return time.has_value();
}

std::vector<key> make_keys()
{
  constexpr auto bus = &settings::bus;
  constexpr auto subscriber = &settings::subscriber;
  return {
      {"", "name", "1 to 64 of A-Z a-z 0-9 . _ -", "the name of the bus", set_name},
      {"", "directory", "the path of a folder, from / on", "where buses are", set_directory},
      {"", "buffer_size", "a size from 64K to 32G", "memory for messages, at most",
       set_buffer_size},
      number("", "max_clients", bus, &broker_config::max_clients, core::min_clients,
             core::max_clients_limit, "publishers and subscribers, at most"),
      number("", "max_subscriptions_per_client", bus, &broker_config::max_subscriptions_per_client,
             1, core::max_subscriptions_limit, "patterns of one subscriber, at most"),
      flag("", "preallocate", bus, &broker_config::preallocate,
           "take all of buffer_size when the bus is made"),
      {"", "mode", "octal digits in quotes, with read and write for the owner, like \"0660\"",
       "who may use the bus, as for chmod", set_mode},
      {"", "group", "the name of a group", "the group that owns the bus", set_group},
      word("", "open", bus, &broker_config::open, {"open_or_create", "create_only", "open_only"},
           "whether to make a bus that is not there"),
      flag("", "adopt", bus, &broker_config::adopt, "accept the limits of a bus that is there"),
      number("subscriber", "queue_capacity", subscriber, &subscriber_options::queue_capacity, 1,
             core::max_queue_capacity, "messages that may wait, for each publisher"),
      number("subscriber", "max_held", subscriber, &subscriber_options::max_held, 1,
             core::max_max_held, "messages that may be alive at once"),
      word("subscriber", "overflow", subscriber, &subscriber_options::overflow,
           {"drop_oldest", "drop_newest", "block"}, "what happens when the queue is full"),
      {"subscriber", "spin_for", "a time in quotes, like \"20us\" (ns, us, ms, s)",
       "how long to look again and again before sleeping", set_spin_for},
      flag("publisher", "timestamps", &settings::publisher, &publisher_options::timestamps,
           "put the time into each message"),
  };
}

}  // namespace

const std::vector<key>& keys()
{
  static const std::vector<key> all = make_keys();
  return all;
}

const key* find_key(std::string_view table, std::string_view name)
{
  const auto& all = keys();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const key& k) { return k.table == table && k.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> key_names(std::string_view table)
{
  std::vector<std::string> names;
  for (const auto& k : keys())
    if (k.table == table) names.push_back(k.name);
  return names;
}

}  // namespace shmbus::config
