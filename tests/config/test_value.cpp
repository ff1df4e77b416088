#include "config/value.hpp"
#include "test.hpp"

#include <chrono>
#include <string>

using namespace shmbus::config;
using namespace std::chrono_literals;
using namespace std::string_literals;

TEST_CASE("as_number: a whole number that is not negative")
{
  CHECK(as_number(std::int64_t{5}) == 5U);
  CHECK(as_number(std::int64_t{0}) == 0U);
  CHECK_FALSE(as_number(std::int64_t{-1}));
  CHECK_FALSE(as_number(true));
  CHECK_FALSE(as_number(unusable{"an array"}));
}

TEST_CASE("as_number: text is one in the environment, and in a file is not")
{
  CHECK(as_number(plain_text{"5"}) == 5U);
  CHECK_FALSE(as_number("5"s));
  for (const auto* text : {"", "five", "5 ", " 5", "-5", "+5", "5.0", "5k", "99999999999999999999"})
    CHECK_FALSE(as_number(plain_text{text}));
}

TEST_CASE("as_flag: true and false, in the environment also 1 and 0")
{
  CHECK(as_flag(true) == true);
  CHECK(as_flag(false) == false);
  CHECK(as_flag(plain_text{"true"}) == true);
  CHECK(as_flag(plain_text{"0"}) == false);
  CHECK_FALSE(as_flag(plain_text{"yes"}));
  CHECK_FALSE(as_flag("true"s));
  CHECK_FALSE(as_flag(std::int64_t{1}));
}

TEST_CASE("as_size: bytes, or K, M and G in steps of 1024")
{
  CHECK(as_size(std::int64_t{65536}) == 65536U);
  CHECK(as_size("64K"s) == 65536U);
  CHECK(as_size("64M"s) == 67108864U);
  CHECK(as_size("2GiB"s) == 2147483648U);
  CHECK(as_size("2GB"s) == 2147483648U);
  CHECK(as_size(plain_text{"64M"}) == 67108864U);
  CHECK(as_size(plain_text{"65536"}) == 65536U);
}

TEST_CASE("as_size: nothing else, and nothing that overflows")
{
  for (const auto* text : {"", "M", "64", "64 M", "64m", "64MM", "-1M", "1.5M", "64T",
                           "99999999999G", "18446744073709551616K"})
    CHECK_FALSE(as_size(std::string(text)));
  CHECK_FALSE(as_size(std::int64_t{-1}));
  CHECK_FALSE(as_size(true));
}

TEST_CASE("as_duration: a number with its unit, or 0")
{
  CHECK(as_duration("20ns"s) == 20ns);
  CHECK(as_duration("20us"s) == 20us);
  CHECK(as_duration("20ms"s) == 20ms);
  CHECK(as_duration(plain_text{"2s"}) == 2s);
  CHECK(as_duration(std::int64_t{0}) == 0ns);
  CHECK(as_duration(plain_text{"0"}) == 0ns);
}

TEST_CASE("as_duration: nothing without a unit, and nothing that overflows")
{
  for (const auto* text : {"", "20", "us", "20 us", "-1us", "1.5us", "20m", "9223372037s"})
    CHECK_FALSE(as_duration(std::string(text)));
  CHECK_FALSE(as_duration(std::int64_t{20}));
}

TEST_CASE("as_text: text alone")
{
  REQUIRE(as_text("x"s));
  CHECK(*as_text(plain_text{"x"}) == "x");
  CHECK(as_text(std::int64_t{1}) == nullptr);
  CHECK(as_text(true) == nullptr);
}

TEST_CASE("shown: text in quotes, all else as it is written")
{
  CHECK(shown("a\nb"s) == R"("a\x0ab")");
  CHECK(shown(plain_text{"5"}) == "\"5\"");
  CHECK(shown(std::int64_t{-5}) == "-5");
  CHECK(shown(true) == "true");
  CHECK(shown(unusable{"an array"}) == "an array");
}
