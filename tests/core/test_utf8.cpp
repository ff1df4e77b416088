#include "core/utf8.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

using namespace std::string_view_literals;
using shmbus::core::is_utf8;
using shmbus::core::quoted;

namespace {

// As if every number had an encoding, also those that UTF-8 forbids.
std::string encode(std::uint32_t c)
{
  const auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("utf8: ASCII of any length is valid")
{
  std::string text;
  for (char c = 0; text.size() < 64; c = static_cast<char>((c + 1) & 0x7f)) {
    CHECK(is_utf8(text));
    text += c;
  }
}

TEST_CASE("utf8: exactly the code points that are not surrogates and up to U+10FFFF are valid")
{
  std::uint32_t wrong = 0;
  for (std::uint32_t c = 0; c <= 0x1fffff; ++c) {
    const bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    if (is_utf8(encode(c)) != valid) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("utf8: exactly the valid encodings among all of two bytes are valid")
{
  int valid = 0;
  for (int first = 0; first != 256; ++first)
    for (int second = 0; second != 256; ++second)
      valid += is_utf8(std::string{static_cast<char>(first), static_cast<char>(second)});
  CHECK(valid == 128 * 128 + (0x800 - 0x80));
}

TEST_CASE("utf8: an overlong form is invalid")
{
  CHECK(!is_utf8("\xc0\x80"sv));
  CHECK(!is_utf8("\xc0\xaf"sv));
  CHECK(!is_utf8("\xc1\xbf"sv));
  CHECK(!is_utf8("\xe0\x80\xaf"sv));
  CHECK(!is_utf8("\xe0\x9f\xbf"sv));
  CHECK(!is_utf8("\xf0\x80\x80\xaf"sv));
  CHECK(!is_utf8("\xf0\x8f\xbf\xbf"sv));
}

TEST_CASE("utf8: a character that is cut off is invalid, at the end and before another")
{
  for (const std::string whole : {"\u00e9", "\u20ac", "\U0001f600"}) {
    for (std::size_t size = 1; size != whole.size(); ++size) {
      const std::string part = whole.substr(0, size);
      CAPTURE(size);
      CHECK(!is_utf8(part));
      CHECK(!is_utf8(part + "a"));
      CHECK(!is_utf8(part + whole));
      CHECK(!is_utf8("12345678" + part));
    }
  }
}

TEST_CASE("utf8: a text that is cut off is not read beyond its end")
{
  CHECK(!is_utf8("\xe2\x82\xac"sv.substr(0, 2)));
  CHECK(!is_utf8("\xf0\x9f\x98\x80"sv.substr(0, 3)));
}

TEST_CASE("utf8: continuations alone and bytes that never occur are invalid")
{
  for (const auto text : {"\x80"sv, "\xbf"sv, "a\x80"sv, "\xf5\x80\x80\x80"sv,
                          "\xf8\x88\x80\x80\x80"sv, "\xfe"sv, "\xff"sv})
    CHECK(!is_utf8(text));
}

TEST_CASE("utf8: one bad byte is found wherever it stands")
{
  for (std::size_t i = 0; i != 40; ++i) {
    std::string text(40, 'a');
    text[i] = '\xff';
    CHECK(!is_utf8(text));
  }
}

TEST_CASE("quoted: text that shows stays as it is")
{
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("/a/b c") == "\"/a/b c\"");
  CHECK(quoted("/caf\u00e9/\u6e29\u5ea6/\U0001f600") == "\"/caf\u00e9/\u6e29\u5ea6/\U0001f600\"");
}

TEST_CASE("quoted: quotes, backslashes, control characters and stray bytes are escaped")
{
  CHECK(quoted("a\"b\\c") == R"("a\"b\\c")");
  CHECK(quoted("\x1b[2J\n\x7f"sv) == R"("\x1b[2J\x0a\x7f")");
  CHECK(quoted("a\0b"sv) == R"("a\x00b")");
  CHECK(quoted("\xff/\xe2\x82"sv) == R"("\xff/\xe2\x82")");
  CHECK(quoted("\u0085") == R"("\xc2\x85")");
}

TEST_CASE("quoted: of a long text only the beginning is shown, in whole characters")
{
  const std::string ascii = quoted(std::string(1000, 'a'));
  CHECK(ascii.size() < 100);
  CHECK(ascii.ends_with("a\"..."));
  std::string euros;
  for (int i = 0; i != 100; ++i) euros += "\u20ac";
  CHECK(is_utf8(quoted(euros)));
  CHECK(quoted(euros).ends_with("\u20ac\"..."));
}
