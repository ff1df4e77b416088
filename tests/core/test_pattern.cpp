#include "shmbus/errc.hpp"
#include "shmbus/pattern.hpp"

#include <doctest/doctest.h>

#include <ostream>  // a failed check prints error codes
#include <string>
#include <string_view>
#include <system_error>

using namespace std::string_view_literals;
using shmbus::errc;
using shmbus::pattern;
using shmbus::pattern_problem;

namespace {

bool matches(std::string_view text, std::string_view topic) { return pattern(text).matches(topic); }

std::string what_of(std::string_view text)
{
  try {
    const pattern p(text);
  } catch (const shmbus::error& e) {
    CHECK(e.code() == errc::invalid_pattern);
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("pattern: whole levels of * anywhere and # at the end are valid")
{
  for (const auto text : {"/a"sv, "/a/b"sv, "/*"sv, "/#"sv, "/*/*"sv, "/*/#"sv, "/a/*/b"sv,
                          "/*/b"sv, "/a/b/#"sv, "/caf\u00e9/*/#"sv}) {
    CAPTURE(text);
    CHECK(pattern_problem(text).empty());
    CHECK(pattern(text).text() == text);
  }
}

TEST_CASE("pattern: a wildcard in the wrong place is told which and why")
{
  CHECK(pattern_problem("/*x") == "has a '*' that is not a whole level");
  CHECK(pattern_problem("/x*") == "has a '*' that is not a whole level");
  CHECK(pattern_problem("/a/x*y/b") == "has a '*' that is not a whole level");
  CHECK(pattern_problem("/**") == "has a '*' that is not a whole level");
  CHECK(pattern_problem("/*#") == "has a '*' that is not a whole level");
  CHECK(pattern_problem("/a#") == "has a '#' that is not a whole level");
  CHECK(pattern_problem("/#a") == "has a '#' that is not a whole level");
  CHECK(pattern_problem("/a/##") == "has a '#' that is not a whole level");
  CHECK(pattern_problem("/#/a") == "has a '#' that is not the last level");
  CHECK(pattern_problem("/a/#/#") == "has a '#' that is not the last level");
}

TEST_CASE("pattern: the rules of topics hold for the rest")
{
  CHECK(pattern_problem("") == "is empty");
  CHECK(pattern_problem("#") == "does not start with '/'");
  CHECK(pattern_problem("*/a") == "does not start with '/'");
  CHECK(pattern_problem("/") == "ends with '/'");
  CHECK(pattern_problem("/*/") == "ends with '/'");
  CHECK(pattern_problem("/#/") == "ends with '/'");
  CHECK(pattern_problem("//*") == "has an empty level (\"//\")");
  CHECK(pattern_problem("/*//a") == "has an empty level (\"//\")");
  CHECK(pattern_problem("/*/\0"sv) == "contains a NUL byte");
  CHECK(pattern_problem("/*/\xff"sv) == "is not valid UTF-8");
  CHECK(pattern_problem("/\xe2*/a"sv) == "is not valid UTF-8");
}

TEST_CASE("pattern: 255 bytes are the most")
{
  CHECK(pattern_problem("/*/" + std::string(252, 'a')).empty());
  CHECK(pattern_problem("/*/" + std::string(253, 'a')) == "is longer than 255 bytes");
  CHECK(pattern_problem(std::string(100000, '*')) == "is longer than 255 bytes");
}

TEST_CASE("pattern: the constructor throws what is wrong, and with what")
{
  CHECK(what_of("/a#") == R"("/a#" has a '#' that is not a whole level: invalid pattern)");
  CHECK(what_of("/*//") == R"("/*//" has an empty level ("//"): invalid pattern)");
}

TEST_CASE("pattern: parse sets the error code instead, and clears it on success")
{
  std::error_code ec;
  CHECK(!pattern::parse("/a/#/b", ec));
  CHECK(ec == errc::invalid_pattern);
  const auto parsed = pattern::parse("/a/*", ec);
  REQUIRE(parsed);
  CHECK(!ec);
  CHECK(parsed->text() == "/a/*");
}

TEST_CASE("pattern: without wildcards it matches the very topic")
{
  CHECK(matches("/a/b", "/a/b"));
  CHECK(!matches("/a/b", "/a"));
  CHECK(!matches("/a/b", "/a/b/c"));
  CHECK(!matches("/a/b", "/a/bc"));
  CHECK(!matches("/a/bc", "/a/b"));
  CHECK(!matches("/a/b", "/A/b"));
}

TEST_CASE("pattern: * matches exactly one level")
{
  CHECK(matches("/*", "/a"));
  CHECK(matches("/*", "/\u00e9t\u00e9"));
  CHECK(!matches("/*", "/a/b"));
  CHECK(matches("/host/*/load", "/host/one/load"));
  CHECK(!matches("/host/*/load", "/host/load"));
  CHECK(!matches("/host/*/load", "/host/one/two/load"));
  CHECK(!matches("/host/*/load", "/host/one/loads"));
  CHECK(!matches("/host/*/load", "/host/one"));
  CHECK(matches("/*/*", "/a/b"));
  CHECK(!matches("/*/*", "/a"));
  CHECK(!matches("/*/*", "/a/b/c"));
  CHECK(matches("/a/*", "/a/b"));
  CHECK(!matches("/a/*", "/a"));
}

TEST_CASE("pattern: # matches one level or more, but not none")
{
  CHECK(matches("/#", "/a"));
  CHECK(matches("/#", "/a/b/c"));
  CHECK(matches("/sensors/#", "/sensors/a"));
  CHECK(matches("/sensors/#", "/sensors/a/b"));
  CHECK(!matches("/sensors/#", "/sensors"));
  CHECK(!matches("/sensors/#", "/sensorsa"));
  CHECK(!matches("/sensors/#", "/other/a"));
  CHECK(matches("/*/#", "/a/b"));
  CHECK(matches("/*/#", "/a/b/c"));
  CHECK(!matches("/*/#", "/a"));
}
