#include "core/pattern_trie.hpp"
#include "shmbus/pattern.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using shmbus::core::pattern_trie;
using ids = std::vector<std::uint32_t>;

namespace {

ids match(const pattern_trie& trie, std::string_view topic)
{
  ids found;
  trie.match(topic, found);
  return found;
}

// Few names and few levels, so that much matches.
class random_text {
public:
  explicit random_text(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return random_() % n; }

  std::string topic()
  {
    std::string text;
    for (std::size_t levels = 1 + below(5); levels != 0; --levels) text += name();
    return text;
  }
  std::string pattern()
  {
    std::string text;
    for (std::size_t levels = below(5); levels != 0; --levels)
      text += below(3) == 0 ? "/*" : name();
    return text + (text.empty() || below(3) == 0 ? "/#" : "");
  }

private:
  std::string name()
  {
    constexpr const char* names[] = {"/a", "/b", "/ab"};
    return names[below(3)];
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("pattern_trie: an empty one matches nothing")
{
  const pattern_trie trie;
  CHECK(trie.empty());
  CHECK(match(trie, "/a") == ids{});
}

TEST_CASE("pattern_trie: each kind of pattern finds its topics")
{
  pattern_trie trie;
  trie.insert("/a/b", 1);
  trie.insert("/a/*", 2);
  trie.insert("/a/#", 3);
  trie.insert("/#", 4);
  trie.insert("/*/b", 5);
  CHECK(!trie.empty());
  CHECK(match(trie, "/a/b") == ids{1, 2, 3, 4, 5});
  CHECK(match(trie, "/a/c") == ids{2, 3, 4});
  CHECK(match(trie, "/a/b/c") == ids{3, 4});
  CHECK(match(trie, "/x/b") == ids{4, 5});
  CHECK(match(trie, "/a") == ids{4});
}

TEST_CASE("pattern_trie: a subscriber of which several patterns match is found once")
{
  pattern_trie trie;
  for (const char* p : {"/a/b", "/a/*", "/*/*", "/#", "/a/#"}) trie.insert(p, 7);
  trie.insert("/*/b", 3);
  CHECK(match(trie, "/a/b") == ids{3, 7});
}

TEST_CASE("pattern_trie: matches are appended to what is there")
{
  pattern_trie trie;
  trie.insert("/a", 2);
  trie.insert("/a", 1);
  ids found{9, 1};
  trie.match("/a", found);
  CHECK(found == ids{9, 1, 1, 2});
}

TEST_CASE("pattern_trie: inserting twice is as inserting once")
{
  for (const char* p : {"/a", "/*", "/#", "/a/*/b/#"}) {
    pattern_trie trie;
    trie.insert(p, 1);
    trie.insert(p, 1);
    trie.erase(p, 1);
    CAPTURE(p);
    CHECK(trie.empty());
  }
}

TEST_CASE("pattern_trie: erasing takes away that pattern of that subscriber only")
{
  pattern_trie trie;
  trie.insert("/a/b", 1);
  trie.insert("/a/b", 2);
  trie.insert("/a/*", 1);
  trie.erase("/a/b", 1);
  CHECK(match(trie, "/a/b") == ids{1, 2});
  trie.erase("/a/*", 1);
  CHECK(match(trie, "/a/b") == ids{2});
}

TEST_CASE("pattern_trie: erasing what is not there changes nothing")
{
  pattern_trie trie;
  trie.erase("/a/b", 1);
  CHECK(trie.empty());
  trie.insert("/a/b", 1);
  for (const char* p : {"/a", "/a/b/c", "/a/*", "/a/#", "/*/b", "/#", "/x"}) trie.erase(p, 1);
  trie.erase("/a/b", 2);
  CHECK(match(trie, "/a/b") == ids{1});
}

TEST_CASE("pattern_trie: nothing is left when the last pattern is erased")
{
  pattern_trie trie;
  const char* const patterns[] = {"/a/b/c", "/a/b", "/a/*/c", "/*/*/*", "/a/b/#", "/#"};
  for (const char* p : patterns) trie.insert(p, 1);
  for (const char* p : patterns) {
    CHECK(!trie.empty());
    trie.erase(p, 1);
  }
  CHECK(trie.empty());
}

TEST_CASE("pattern_trie: a pattern with as many levels as fit is found")
{
  std::string topic, stars;
  for (int i = 0; i != 127; ++i) {
    topic += "/a";
    stars += "/*";
  }
  pattern_trie trie;
  trie.insert(topic, 1);
  trie.insert(stars, 2);
  CHECK(match(trie, topic) == ids{1, 2});
  trie.erase(topic, 1);
  trie.erase(stars, 2);
  CHECK(trie.empty());
}

TEST_CASE("pattern_trie: it agrees with pattern::matches, whatever is inserted and erased")
{
  const std::uint32_t seed = std::random_device{}();
  CAPTURE(seed);
  random_text random(seed);
  std::set<std::pair<std::uint32_t, std::string>> wanted;
  pattern_trie trie;
  for (int step = 0; step != 3000; ++step) {
    const auto subscriber = static_cast<std::uint32_t>(random.below(20));
    const std::string text = random.pattern();
    if (random.below(2) == 0) {
      trie.insert(text, subscriber);
      wanted.emplace(subscriber, text);
    } else {
      trie.erase(text, subscriber);
      wanted.erase({subscriber, text});
    }

    const std::string topic = random.topic();
    std::set<std::uint32_t> expected;
    for (const auto& [id, p] : wanted)
      if (shmbus::pattern(p).matches(topic)) expected.insert(id);
    REQUIRE(match(trie, topic) == ids(expected.begin(), expected.end()));
  }
  for (const auto& [id, p] : wanted) trie.erase(p, id);
  CHECK(trie.empty());
}
