#include "command/top/ordering.hpp"

#include "shmbus/pattern.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <system_error>

namespace shmbus::command {
namespace {

constexpr std::array names = {"name", "rate", "bytes", "size", "readers",
                              "age",  "lost", "queue", "held"};
constexpr std::array topic_keys = {sort_key::name, sort_key::rate,    sort_key::bytes,
                                   sort_key::size, sort_key::readers, sort_key::age};
constexpr std::array client_keys = {sort_key::name,   sort_key::rate,  sort_key::bytes,
                                    sort_key::losses, sort_key::queue, sort_key::held};

sort_key next_of(std::span<const sort_key> keys, sort_key k) noexcept
{
  const auto place = std::ranges::find(keys, k);
  return place == keys.end() || place + 1 == keys.end() ? keys.front() : *(place + 1);
}

double value(const topic_row& t, sort_key k)
{
  switch (k) {
    case sort_key::rate: return t.messages_per_second.value_or(0);
    case sort_key::bytes: return t.bytes_per_second.value_or(0);
    case sort_key::size: return static_cast<double>(t.last_size);
    case sort_key::readers: return t.subscribers;
    case sort_key::age: return -t.age_seconds.value_or(1e30);  // the newest first
    default: return 0;
  }
}

double value(const client_row& c, sort_key k)
{
  switch (k) {
    case sort_key::rate: return c.messages_per_second.value_or(0);
    case sort_key::bytes: return c.bytes_per_second.value_or(0);
    case sort_key::losses: return static_cast<double>(c.lost + c.refused);
    case sort_key::queue: return c.queue_fill.value_or(-1);
    case sort_key::held: return static_cast<double>(c.held);
    default: return 0;
  }
}

// The rows come in the order of their names.
template <class Row>
void sort_rows(std::vector<Row>& rows, sort_key k, bool reversed)
{
  std::ranges::stable_sort(rows, std::ranges::greater{}, [k](const Row& r) { return value(r, k); });
  if (reversed) std::ranges::reverse(rows);
}

bool contains(std::string_view text, std::string_view part) noexcept
{
  return text.find(part) != std::string_view::npos;
}

}  // namespace

const char* name_of(sort_key k) noexcept { return names[static_cast<std::size_t>(k)]; }

std::optional<sort_key> sort_key_named(std::string_view name) noexcept
{
  for (std::size_t i = 0; i != names.size(); ++i)
    if (name == names[i]) return static_cast<sort_key>(i);
  return std::nullopt;
}

sort_key next_topic_key(sort_key k) noexcept { return next_of(topic_keys, k); }
sort_key next_client_key(sort_key k) noexcept { return next_of(client_keys, k); }

void sort_topics(std::vector<topic_row>& rows, sort_key k, bool reversed)
{
  sort_rows(rows, k, reversed);
}
void sort_clients(std::vector<client_row>& rows, sort_key k, bool reversed)
{
  sort_rows(rows, k, reversed);
}

void filter_topics(std::vector<topic_row>& rows, std::string_view text)
{
  if (text.empty()) return;
  std::error_code ec;
  const auto p =
      text.find_first_of("*#") == std::string_view::npos ? std::nullopt : pattern::parse(text, ec);
  std::erase_if(rows, [&](const topic_row& t) {
    if (p) return t.topic.empty() || !p->matches(t.topic);
    return !contains(t.topic, text);
  });
}

void filter_clients(std::vector<client_row>& rows, std::string_view text)
{
  if (text.empty()) return;
  std::erase_if(rows, [&](const client_row& c) {
    const bool here = contains(c.process, text) || contains(c.state, text) ||
                      contains(c.publisher ? "publisher" : "subscriber", text);
    return !here &&
           std::ranges::none_of(c.patterns, [&](const auto& p) { return contains(p, text); });
  });
}

}  // namespace shmbus::command
