// Topics and patterns from anything: what the parser accepts keeps its own rules.
#include "core/pattern_trie.hpp"
#include "shmbus/pattern.hpp"
#include "shmbus/topic.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

using namespace shmbus;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::string_view first = all.substr(0, all.find('\n'));
  const std::string_view second = first.size() == size ? all : all.substr(first.size() + 1);
  const bool is_topic = topic_problem(first).empty();
  const bool is_pattern = pattern_problem(second).empty();
  if (is_topic && !pattern_problem(first).empty()) std::abort();  // a topic matches itself
  if (!is_topic || !is_pattern) return 0;

  // Two ways to the same answer.
  const topic t(first);
  const pattern p(second);
  core::pattern_trie trie;
  trie.insert(second, 7);
  std::vector<std::uint32_t> found;
  trie.match(first, found);
  if (p.matches(t.name()) != (std::ranges::count(found, 7u) == 1)) std::abort();
  trie.erase(second, 7);
  found.clear();
  trie.match(first, found);
  if (!found.empty()) std::abort();
  return 0;
}
