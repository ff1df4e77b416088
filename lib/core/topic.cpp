#include "shmbus/topic.hpp"

#include "core/hash.hpp"
#include "core/utf8.hpp"
#include "shmbus/errc.hpp"

namespace shmbus {
namespace {

std::string_view checked(std::string_view text)
{
  const std::string_view problem = topic_problem(text);
  if (!problem.empty())
    detail::throw_if(errc::invalid_topic, core::quoted(text) + ' ' + std::string(problem));
  return text;
}

}  // namespace

std::string_view topic_problem(std::string_view text) noexcept
{
  if (text.empty()) return "is empty";
  if (text.size() > max_topic_size) return "is longer than 255 bytes";
  if (text.front() != '/') return "does not start with '/'";
  char before = 0;
  for (const char c : text) {
    if (c == '\0') return "contains a NUL byte";
    if (c == '*') return "contains a '*'";
    if (c == '#') return "contains a '#'";
    if (c == '/' && before == '/') return "has an empty level (\"//\")";
    before = c;
  }
  if (before == '/') return "ends with '/'";
  if (!core::is_utf8(text)) return "is not valid UTF-8";
  return {};
}

topic::topic(std::string_view text) : topic(unchecked{}, checked(text)) {}

topic::topic(unchecked, std::string_view text) : name_(text), hash_(core::hash_bytes(text)) {}

std::optional<topic> topic::parse(std::string_view text, std::error_code& ec)
{
  if (!topic_problem(text).empty()) {
    ec = errc::invalid_topic;
    return std::nullopt;
  }
  ec.clear();
  return topic(unchecked{}, text);
}

}  // namespace shmbus
