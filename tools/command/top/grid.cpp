#include "command/top/grid.hpp"

#include "command/top/cells.hpp"

#include <algorithm>
#include <numeric>

namespace shmbus::command {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t least_first = 12;  // cells of the first column

struct layout {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths;  // by column
};

layout arrange(const grid& g, std::size_t width)
{
  layout l;
  for (std::size_t i = 0; i != g.columns.size(); ++i) {
    l.shown.push_back(i);
    std::size_t widest = cells_of(g.columns[i].title);
    for (const auto& row : g.rows) widest = std::max(widest, cells_of(row[i]));
    l.widths.push_back(widest);
  }
  const auto rest = [&] {
    return std::accumulate(l.shown.begin() + 1, l.shown.end(), std::size_t{0},
                           [&](std::size_t n, std::size_t i) { return n + gap + l.widths[i]; });
  };
  const std::size_t first = std::min(l.widths[0], std::max(least_first, width / 3));
  while (l.shown.size() > 1 && first + rest() > width) {
    const auto worst = std::max_element(
        l.shown.begin() + 1, l.shown.end(),
        [&](std::size_t a, std::size_t b) { return g.columns[a].rank < g.columns[b].rank; });
    l.shown.erase(worst);
  }
  l.widths[0] = width > rest() ? width - rest() : 0;
  return l;
}

}  // namespace

std::vector<std::string> grid::lines(std::size_t width) const
{
  const layout l = arrange(*this, width);
  std::vector<std::string> out;
  const auto add = [&](auto text_of) {
    std::string line;
    for (const std::size_t i : l.shown) {
      if (!line.empty()) line.append(gap, ' ');
      line += fitted(text_of(i), l.widths[i], columns[i].right);
    }
    out.push_back(fitted(line, width));
  };
  add([&](std::size_t i) { return columns[i].title; });
  for (const auto& row : rows) add([&](std::size_t i) { return row[i]; });
  return out;
}

}  // namespace shmbus::command
