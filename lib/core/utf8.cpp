#include "core/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shmbus::core {
namespace {

// Enough to recognise a topic by.
constexpr std::size_t most_quoted = 80;

unsigned char byte_at(std::string_view text, std::size_t i) noexcept
{
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

bool continues(unsigned char byte) noexcept { return (byte & 0xc0) == 0x80; }

// Bytes of the character that the text begins with; 0 if it is not one.
std::size_t character_size(std::string_view text) noexcept
{
  const unsigned char lead = byte_at(text, 0);
  const unsigned char second = byte_at(text, 1);  // 0, which continues nothing, behind the end
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;  // a continuation, or an overlong form of ASCII
  if (lead < 0xe0) return continues(second) ? 2 : 0;
  if (lead < 0xf0) {
    const bool overlong = lead == 0xe0 && second < 0xa0;
    const bool surrogate = lead == 0xed && second >= 0xa0;
    if (overlong || surrogate) return 0;
    return continues(second) && continues(byte_at(text, 2)) ? 3 : 0;
  }
  const bool overlong = lead == 0xf0 && second < 0x90;
  const bool too_high = lead > 0xf4 || (lead == 0xf4 && second >= 0x90);
  if (overlong || too_high) return 0;
  return continues(second) && continues(byte_at(text, 2)) && continues(byte_at(text, 3)) ? 4 : 0;
}

// Skips ASCII, eight bytes at a time: nearly all topics are nothing else.
std::size_t ascii_size(std::string_view text) noexcept
{
  std::size_t i = 0;
  for (; text.size() - i >= 8; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (word & 0x8080808080808080) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

// C0, DEL and C1: a terminal may obey them.
bool is_control(std::string_view character) noexcept
{
  const unsigned char lead = byte_at(character, 0);
  return lead < 0x20 || lead == 0x7f || (lead == 0xc2 && byte_at(character, 1) < 0xa0);
}

void append_escaped(std::string& out, std::string_view bytes)
{
  constexpr char digits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
}

}  // namespace

bool is_utf8(std::string_view text) noexcept
{
  for (;;) {
    text.remove_prefix(ascii_size(text));
    if (text.empty()) return true;
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
}

std::string quoted(std::string_view text)
{
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const std::string_view next = text.substr(0, size == 0 ? 1 : size);
    if (out.size() + next.size() > most_quoted) break;
    if (size == 0 || is_control(next))
      append_escaped(out, next);
    else if (next == "\"" || next == "\\")
      (out += '\\') += next;
    else
      out += next;
    text.remove_prefix(next.size());
  }
  out += '"';
  if (!text.empty()) out += "...";
  return out;
}

}  // namespace shmbus::core
