#include "command/top/payload.hpp"

#include "command/text.hpp"
#include "command/top/cells.hpp"
#include "core/utf8.hpp"

#if SHMBUS_HAS_JSON
#include <nlohmann/json.hpp>
#endif

#include <algorithm>
#include <array>
#include <cstdio>

namespace shmbus::command {
namespace {

constexpr bool has_json = SHMBUS_HAS_JSON;

// What a screen can hold, at most: more of a payload is not looked at.
constexpr std::size_t most_bytes = 65536;

void add_wrapped(std::vector<std::string>& lines, std::string_view line, std::size_t width)
{
  const std::string text = showable(line);
  std::string_view rest = text;
  do {
    std::string_view part = beginning_of(rest, width);
    if (part.empty()) part = rest;  // a wide character in a single cell
    lines.push_back(fitted(part, width));
    rest.remove_prefix(part.size());
  } while (!rest.empty());
}

std::vector<std::string> as_text(std::string_view payload, std::size_t width, std::size_t height)
{
  std::vector<std::string> lines;
  if (!core::is_utf8(payload)) {
    add_wrapped(lines, payload, width);
    return lines;
  }
  while (!payload.empty() && lines.size() <= height) {
    const std::size_t end = std::min(payload.find('\n'), payload.size());
    add_wrapped(lines, payload.substr(0, end), width);
    payload.remove_prefix(std::min(end + 1, payload.size()));
  }
  return lines;
}

// "00000010  68 65 6c 6c 6f  |hello|"; the letters where there is room.
std::vector<std::string> as_hex(std::string_view payload, std::size_t width, std::size_t height)
{
  constexpr std::size_t place = 10;
  const bool letters = width >= place + 4 * 8 + 3;
  const std::size_t room = width > place + 3 ? (width - place - (letters ? 3 : 0)) : 3;
  std::size_t row = 4;
  while (row < 16 && row * 2 * (letters ? 4 : 3) <= room) row *= 2;
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < payload.size() && lines.size() <= height; at += row) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%08zx  ", at);
    std::string line = text.data();
    std::string shown;
    for (std::size_t i = at; i != at + row; ++i) {
      const bool there = i < payload.size();
      const auto byte = static_cast<unsigned char>(there ? payload[i] : 0);
      std::snprintf(text.data(), text.size(), there ? "%02x " : "   ", byte);
      line += text.data();
      if (there) shown += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    }
    lines.push_back(fitted(letters ? line + "|" + shown + "|" : line, width));
  }
  return lines;
}

std::vector<std::string> as_json(std::string_view payload, std::size_t width, std::size_t height)
{
#if SHMBUS_HAS_JSON
  const auto value = nlohmann::ordered_json::parse(payload, nullptr, false);
  if (!value.is_discarded())
    return as_text(value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace),
                   width, height);
#endif
  return as_text(payload, width, height);
}

}  // namespace

const char* name_of(payload_format f) noexcept
{
  switch (f) {
    case payload_format::text: return "text";
    case payload_format::hex: return "hex";
    case payload_format::json: return "JSON";
  }
  return "?";
}

payload_format next_format(payload_format f) noexcept
{
  if (f == payload_format::text) return payload_format::hex;
  return f == payload_format::hex && has_json ? payload_format::json : payload_format::text;
}

std::vector<std::string> payload_lines(std::string_view payload, payload_format f,
                                       std::size_t width, std::size_t height)
{
  if (height == 0 || width == 0) return {};
  const std::string_view part = payload.substr(0, most_bytes);
  std::vector<std::string> lines;
  switch (f) {
    case payload_format::text: lines = as_text(part, width, height); break;
    case payload_format::hex: lines = as_hex(part, width, height); break;
    case payload_format::json: lines = as_json(part, width, height); break;
  }
  if (lines.empty()) lines.push_back(fitted("(empty)", width));
  if (lines.size() > height) {
    lines.resize(height);
    lines.back() = fitted("... " + counted(payload.size(), "byte") + " in all", width);
  }
  return lines;
}

}  // namespace shmbus::command
