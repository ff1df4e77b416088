#include "command/top/cells.hpp"

#include "command/text.hpp"

#include <wchar.h>

#include <algorithm>

namespace shmbus::command {
namespace {

struct character {
  std::size_t bytes;
  int cells;  // negative: not to be shown
};

// The first one of a text that is UTF-8.
character first_of(std::string_view text) noexcept
{
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = std::min<std::size_t>(lead < 0x80   ? 1
                                                  : lead < 0xe0 ? 2
                                                  : lead < 0xf0 ? 3
                                                                : 4,
                                                  text.size());
  if (bytes == 1) return {1, lead >= 0x20 && lead < 0x7f ? 1 : -1};
  wchar_t code = lead & (0xff >> (bytes + 1));
  for (std::size_t i = 1; i != bytes; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {bytes, ::wcwidth(code)};
}

}  // namespace

std::string showable(std::string_view text)
{
  const std::string line = printable(text);
  std::string out;
  for (std::string_view rest = line; !rest.empty();) {
    const character c = first_of(rest);
    if (c.cells < 0)
      out += '?';
    else
      out += rest.substr(0, c.bytes);
    rest.remove_prefix(c.bytes);
  }
  return out;
}

std::size_t cells_of(std::string_view text) noexcept
{
  std::size_t cells = 0;
  for (; !text.empty(); text.remove_prefix(first_of(text).bytes))
    cells += static_cast<std::size_t>(std::max(first_of(text).cells, 0));
  return cells;
}

std::string_view beginning_of(std::string_view text, std::size_t cells) noexcept
{
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes != text.size()) {
    const character c = first_of(text.substr(bytes));
    used += static_cast<std::size_t>(std::max(c.cells, 0));
    if (used > cells) break;
    bytes += c.bytes;
  }
  return text.substr(0, bytes);
}

std::string fitted(std::string_view text, std::size_t cells, bool right)
{
  const std::size_t wanted = cells_of(text);
  if (wanted <= cells) {
    const std::string space(cells - wanted, ' ');
    return right ? space + std::string(text) : std::string(text) + space;
  }
  if (cells == 0) return {};
  const std::string_view part = beginning_of(text, cells - 1);
  return std::string(part) + "~" + std::string(cells - 1 - cells_of(part), ' ');
}

}  // namespace shmbus::command
