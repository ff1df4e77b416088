#include "command/text.hpp"

#include "core/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace shmbus::command {
namespace {

unsigned char byte(char c) noexcept { return static_cast<unsigned char>(c); }

void append_hex(std::string& out, const char* prefix, char c)
{
  constexpr char digits[] = "0123456789abcdef";
  ((out += prefix) += digits[byte(c) >> 4]) += digits[byte(c) & 15];
}

// C0, DEL and, as UTF-8, C1: a terminal may obey them. `text[i]` may be any byte of a character.
bool is_control(std::string_view text, std::size_t i) noexcept
{
  const auto is_c1 = [&](std::size_t lead) {
    return byte(text[lead]) == 0xc2 && lead + 1 < text.size() && byte(text[lead + 1]) < 0xa0;
  };
  if (byte(text[i]) < 0x80) return byte(text[i]) < 0x20 || text[i] == 0x7f;
  return is_c1(i) || (i > 0 && is_c1(i - 1));
}

}  // namespace

std::string printable(std::string_view text)
{
  const bool utf8 = core::is_utf8(text);
  const auto shows = [&](std::size_t i) {
    return !is_control(text, i) && (utf8 || byte(text[i]) < 0x80);
  };
  std::size_t harmless = 0;
  while (harmless < text.size() && shows(harmless)) ++harmless;
  if (harmless == text.size()) return std::string(text);

  std::string out;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] == '\\')
      out += "\\\\";
    else if (text[i] == '\n')
      out += "\\n";
    else if (text[i] == '\t')
      out += "\\t";
    else if (shows(i))
      out += text[i];
    else
      append_hex(out, "\\x", text[i]);
  }
  return out;
}

std::string json_string(std::string_view text)
{
  const bool utf8 = core::is_utf8(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (byte(c) < 0x20 || c == 0x7f)
      append_hex(out, "\\u00", c);
    else if (byte(c) < 0x80 || utf8)
      out += c;
    else
      out += "\\ufffd";
  }
  return out += '"';
}

std::string base64(std::string_view bytes)
{
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t here = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k != 3; ++k) group = group << 8 | (k < here ? byte(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k != 4; ++k)
      out += k <= here ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string hexadecimal(std::string_view bytes)
{
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) append_hex(out, "", c);
  return out;
}

std::string readable_size(std::uint64_t bytes)
{
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  // A digit behind the point only where it says something.
  const bool whole =
      value >= 100 || value * 10 == static_cast<double>(static_cast<long>(value)) * 10;
  std::snprintf(text.data(), text.size(), whole ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

std::string json_array(const std::vector<std::string>& texts, std::string_view separator)
{
  std::string all = "[";
  for (const auto& t : texts) {
    if (all.size() != 1) all += separator;
    all += json_string(t);
  }
  return all + "]";
}

std::string counted(std::uint64_t n, std::string_view what)
{
  return std::to_string(n).append(" ").append(what).append(n == 1 ? "" : "s");
}

std::string client_name(client_id id)
{
  return std::to_string(id.slot) + '.' + std::to_string(id.generation);
}

std::string table::text() const
{
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& r : rows_)
    for (std::size_t i = 0; i + 1 < r.size(); ++i) widths[i] = std::max(widths[i], r[i].size());
  std::string out;
  for (const auto& r : rows_) {
    for (std::size_t i = 0; i != r.size(); ++i) {
      out += r[i];
      if (i + 1 != r.size()) out.append(widths[i] - r[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace shmbus::command
