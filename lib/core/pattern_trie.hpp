#pragma once

#include "core/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace shmbus::core {

/// Which subscribers a topic goes to: their patterns, as a tree with a node for each level.
///
/// Patterns must be valid (pattern_problem()), and topics too.
/// Cost: a match visits the nodes that match a beginning of the topic, one for each level and more
/// only where patterns have both its name and `*`, however many other patterns there are.
class pattern_trie {
public:
  /// Does nothing if the subscriber has that pattern.
  void insert(std::string_view pattern, std::uint32_t subscriber);

  /// Does nothing if the subscriber does not have that pattern.
  void erase(std::string_view pattern, std::uint32_t subscriber) noexcept;

  /// Appends the subscribers of which a pattern matches: each once, ascending.
  void match(std::string_view topic, std::vector<std::uint32_t>& out) const;

  bool empty() const noexcept { return root_.empty(); }

private:
  struct level_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view level) const noexcept { return hash_bytes(level); }
  };

  struct node {
    std::unordered_map<std::string, std::unique_ptr<node>, level_hash, std::equal_to<>> exact;
    std::unique_ptr<node> star;
    std::vector<std::uint32_t> here;   // whose pattern ends here; ascending
    std::vector<std::uint32_t> below;  // whose pattern goes on with `#`; ascending

    bool empty() const noexcept { return exact.empty() && !star && here.empty() && below.empty(); }
  };

  static node& child(node& n, std::string_view level);
  static void erase(node& n, std::string_view rest, std::uint32_t subscriber) noexcept;
  static void match(const node& n, std::string_view rest, std::vector<std::uint32_t>& out);

  node root_;
};

}  // namespace shmbus::core
