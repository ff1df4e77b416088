#include "shmbus/pattern.hpp"

#include "core/utf8.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/topic.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace shmbus {
namespace {

bool is_wildcard(char c) noexcept { return c == '*' || c == '#'; }

std::string_view wildcard_problem(std::string_view text) noexcept
{
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (!is_wildcard(text[i])) continue;
    const bool star = text[i] == '*';
    const bool last = i + 1 == text.size();
    if (text[i - 1] != '/' || (!last && text[i + 1] != '/'))
      return star ? "has a '*' that is not a whole level" : "has a '#' that is not a whole level";
    if (!star && !last) return "has a '#' that is not the last level";
  }
  return {};
}

}  // namespace

std::string_view pattern_problem(std::string_view text) noexcept
{
  // With letters in place of its wildcards, a pattern is a topic.
  std::array<char, max_topic_size + 1> letters;  // one more: so that too long stays too long
  const std::size_t size = std::min(text.size(), letters.size());
  std::ranges::replace_copy_if(text.substr(0, size), letters.begin(), is_wildcard, 'x');
  const std::string_view problem = topic_problem({letters.data(), size});
  return problem.empty() ? wildcard_problem(text) : problem;
}

pattern::pattern(std::string_view text) : text_(text)
{
  const std::string_view problem = pattern_problem(text);
  if (!problem.empty())
    detail::throw_if(errc::invalid_pattern, core::quoted(text) + ' ' + std::string(problem));
}

std::optional<pattern> pattern::parse(std::string_view text, std::error_code& ec)
{
  if (!pattern_problem(text).empty()) {
    ec = errc::invalid_pattern;
    return std::nullopt;
  }
  ec.clear();
  return pattern(text);
}

bool pattern::matches(std::string_view topic) const noexcept
{
  // Both are valid, so a wildcard is always a whole level, and no level is empty.
  std::size_t at = 0;
  for (const char c : text_) {
    if (c == '#') return at < topic.size();
    if (c == '*') {
      if (at >= topic.size()) return false;
      at = std::min(topic.find('/', at), topic.size());
    } else {
      if (at >= topic.size() || topic[at] != c) return false;
      ++at;
    }
  }
  return at == topic.size();
}

}  // namespace shmbus
