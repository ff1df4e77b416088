#include "core/hash.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/topic.hpp"

#include <doctest/doctest.h>

#include <ostream>  // a failed check prints error codes
#include <set>
#include <string>
#include <string_view>
#include <system_error>

using namespace std::string_view_literals;
using shmbus::errc;
using shmbus::topic;
using shmbus::topic_problem;

namespace {

std::string what_of(std::string_view text)
{
  try {
    const topic t(text);
  } catch (const shmbus::error& e) {
    CHECK(e.code() == errc::invalid_topic);
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("topic: levels of any UTF-8 after one slash each are valid")
{
  for (const auto text :
       {"/a"sv, "/a/b/c"sv, "/sensors/temperature"sv, "/a b"sv, "/."sv, "/../x"sv,
        "/+/$SYS/\"quoted\""sv, "/caf\u00e9/\u6e29\u5ea6/\U0001f600"sv, "/a\n"sv}) {
    CAPTURE(text);
    CHECK(topic_problem(text).empty());
    CHECK(topic(text).name() == text);
  }
}

TEST_CASE("topic: what breaks a rule is told which")
{
  CHECK(topic_problem("") == "is empty");
  CHECK(topic_problem("a") == "does not start with '/'");
  CHECK(topic_problem("a/b") == "does not start with '/'");
  CHECK(topic_problem(" /a") == "does not start with '/'");
  CHECK(topic_problem("/") == "ends with '/'");
  CHECK(topic_problem("/a/") == "ends with '/'");
  CHECK(topic_problem("//") == "has an empty level (\"//\")");
  CHECK(topic_problem("//a") == "has an empty level (\"//\")");
  CHECK(topic_problem("/a//b") == "has an empty level (\"//\")");
  CHECK(topic_problem("/a/b//") == "has an empty level (\"//\")");
  CHECK(topic_problem("/*") == "contains a '*'");
  CHECK(topic_problem("/a*b/c") == "contains a '*'");
  CHECK(topic_problem("/#") == "contains a '#'");
  CHECK(topic_problem("/a/b#") == "contains a '#'");
  CHECK(topic_problem("/a\0b"sv) == "contains a NUL byte");
  CHECK(topic_problem("/a\0"sv) == "contains a NUL byte");
  CHECK(topic_problem("/\xff"sv) == "is not valid UTF-8");
  CHECK(topic_problem("/a/\xc0\xaf"sv) == "is not valid UTF-8");
  CHECK(topic_problem("/\xed\xa0\x80"sv) == "is not valid UTF-8");
  CHECK(topic_problem("/a\xe2\x82"sv) == "is not valid UTF-8");
}

TEST_CASE("topic: 255 bytes are the most")
{
  CHECK(topic_problem('/' + std::string(254, 'a')).empty());
  CHECK(topic_problem('/' + std::string(255, 'a')) == "is longer than 255 bytes");
  CHECK(topic_problem(std::string(100000, '*')) == "is longer than 255 bytes");
}

TEST_CASE("topic: bytes are counted, not characters")
{
  std::string text = "/";
  for (int i = 0; i != 127; ++i) text += "\u00e9";
  CHECK(text.size() == 255);
  CHECK(topic_problem(text).empty());
  CHECK(topic_problem(text + 'a') == "is longer than 255 bytes");
}

TEST_CASE("topic: the constructor throws what is wrong, and with what")
{
  CHECK(what_of("/a//b") == R"("/a//b" has an empty level ("//"): invalid topic)");
  CHECK(what_of("") == R"("" is empty: invalid topic)");
  CHECK(what_of("/\x1b[2J\0"sv) == R"("/\x1b[2J\x00" contains a NUL byte: invalid topic)");
  CHECK(what_of('/' + std::string(100000, 'a')).size() < 200);
}

TEST_CASE("topic: parse sets the error code instead, and clears it on success")
{
  std::error_code ec;
  CHECK(!topic::parse("/a/", ec));
  CHECK(ec == errc::invalid_topic);
  const auto parsed = topic::parse("/a", ec);
  REQUIRE(parsed);
  CHECK(!ec);
  CHECK(*parsed == topic("/a"));
  CHECK(parsed->hash() == topic("/a").hash());
}

TEST_CASE("topic: it keeps its text when that it was made from is gone")
{
  std::string text = "/sensors/temperature/of/the/third/boiler";
  const topic t(text);
  const std::string before = text;
  text.assign(text.size(), 'x');
  CHECK(t.name() == before);
}

TEST_CASE("topic: equal names are equal, with equal hashes; others differ")
{
  const topic a("/a/b"), same("/a/b"), other("/a/c");
  CHECK(a == same);
  CHECK(a.hash() == same.hash());
  CHECK(a != other);
  CHECK(a.hash() != other.hash());
}

TEST_CASE("hash_bytes: neither length nor place of a byte is lost")
{
  std::set<std::uint64_t> hashes;
  std::size_t count = 0;
  for (std::size_t size = 0; size != 40; ++size) {
    hashes.insert(shmbus::core::hash_bytes(std::string(size, '\0')));
    ++count;
    for (std::size_t i = 0; i != size; ++i) {
      std::string text(size, '\0');
      text[i] = 1;
      hashes.insert(shmbus::core::hash_bytes(text));
      ++count;
    }
  }
  CHECK(hashes.size() == count);
}

TEST_CASE("hash_bytes: similar topics spread over the low bits, which tables use")
{
  std::set<std::uint64_t> buckets;
  for (int i = 0; i != 4096; ++i)
    buckets.insert(topic("/plant/sensor/" + std::to_string(i)).hash() & 4095);
  CHECK(buckets.size() > 2400);  // at random: 2589
}
