#include "config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace shmbus::config {
namespace {

// How many letters have to be put in, taken out, replaced, or to change places with the next one.
std::size_t distance(std::string_view a, std::string_view b)
{
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known)
{
  constexpr std::size_t shortest_beginning = 3;
  constexpr std::size_t longest = 64;  // what is longer is nobody's mistyped key
  if (word.size() > longest) return {};
  std::size_t least = std::max<std::size_t>(1, word.size() / 4) + 1;
  const std::string* found = nullptr;
  for (const auto& k : known) {
    const bool beginning = word.size() >= shortest_beginning && k.starts_with(word);
    const std::size_t n = beginning ? 1 : distance(word, k);
    if (n >= least) continue;
    least = n;
    found = &k;
  }
  return found ? *found : std::string();
}

std::string advice(std::string_view word, std::span<const std::string> known)
{
  if (const std::string meant = nearest(word, known); !meant.empty())
    return " (did you mean \"" + meant + "\"?)";
  std::string text;
  for (const auto& k : known) text += (text.empty() ? " (there are: " : ", ") + k;
  return text + ")";
}

}  // namespace shmbus::config
