#include "core/pattern_trie.hpp"

#include <algorithm>
#include <utility>

namespace shmbus::core {
namespace {

// Takes the first level off `/first/rest`: what is left begins with a slash again, or is empty.
std::string_view take_level(std::string_view& rest) noexcept
{
  rest.remove_prefix(1);
  const std::string_view level = rest.substr(0, rest.find('/'));
  rest.remove_prefix(level.size());
  return level;
}

void insert_sorted(std::vector<std::uint32_t>& ids, std::uint32_t id)
{
  const auto at = std::ranges::lower_bound(ids, id);
  if (at == ids.end() || *at != id) ids.insert(at, id);
}

void erase_sorted(std::vector<std::uint32_t>& ids, std::uint32_t id) noexcept
{
  const auto at = std::ranges::lower_bound(ids, id);
  if (at != ids.end() && *at == id) ids.erase(at);
}

}  // namespace

void pattern_trie::insert(std::string_view pattern, std::uint32_t subscriber)
{
  node* n = &root_;
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view level = take_level(rest);
    if (level == "#") return insert_sorted(n->below, subscriber);
    n = &child(*n, level);
  }
  insert_sorted(n->here, subscriber);
}

pattern_trie::node& pattern_trie::child(node& n, std::string_view level)
{
  if (level == "*") {
    if (!n.star) n.star = std::make_unique<node>();
    return *n.star;
  }
  const auto found = n.exact.find(level);
  if (found != n.exact.end()) return *found->second;
  // The node first: without memory for it, the map must not keep an entry that points nowhere.
  auto fresh = std::make_unique<node>();
  return *n.exact.emplace(level, std::move(fresh)).first->second;
}

void pattern_trie::erase(std::string_view pattern, std::uint32_t subscriber) noexcept
{
  erase(root_, pattern, subscriber);
}

void pattern_trie::erase(node& n, std::string_view rest, std::uint32_t subscriber) noexcept
{
  if (rest.empty()) return erase_sorted(n.here, subscriber);
  const std::string_view level = take_level(rest);
  if (level == "#") return erase_sorted(n.below, subscriber);
  if (level == "*") {
    if (!n.star) return;
    erase(*n.star, rest, subscriber);
    if (n.star->empty()) n.star.reset();
  } else if (const auto child = n.exact.find(level); child != n.exact.end()) {
    erase(*child->second, rest, subscriber);
    if (child->second->empty()) n.exact.erase(child);
  }
}

void pattern_trie::match(std::string_view topic, std::vector<std::uint32_t>& out) const
{
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  match(root_, topic, out);
  std::sort(out.begin() + first, out.end());
  out.erase(std::unique(out.begin() + first, out.end()), out.end());
}

void pattern_trie::match(const node& n, std::string_view rest, std::vector<std::uint32_t>& out)
{
  if (rest.empty()) {
    out.insert(out.end(), n.here.begin(), n.here.end());
    return;
  }
  out.insert(out.end(), n.below.begin(), n.below.end());
  const std::string_view level = take_level(rest);
  if (const auto child = n.exact.find(level); child != n.exact.end())
    match(*child->second, rest, out);
  if (n.star) match(*n.star, rest, out);
}

}  // namespace shmbus::core
