#include "command/number.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <span>

namespace shmbus::command {
namespace {

std::string formatted(const char* format, double value, const char* unit)
{
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), format, value, unit);
  return text.data();
}

// Three digits or so, and the largest unit of which there is one at least.
std::string scaled(double value, double step, std::span<const char* const> units)
{
  std::size_t unit = 0;
  for (; value >= step && unit + 1 < units.size(); ++unit) value /= step;
  const bool whole = value >= 99.95 || std::abs(value - std::round(value)) < 0.005;
  return formatted(whole ? "%.0f%s" : value >= 9.995 ? "%.1f%s" : "%.2f%s", value, units[unit]);
}

}  // namespace

std::string short_number(double value)
{
  static constexpr std::array units = {"", "k", "M", "G", "T"};
  return scaled(value, 1000, units);
}

std::string short_bytes(double value)
{
  static constexpr std::array units = {"", "K", "M", "G", "T"};
  return scaled(value, 1024, units);
}

std::string short_time(double seconds)
{
  static constexpr std::array units = {"ns", "us", "ms", "s"};
  if (seconds < 60) return scaled(std::round(seconds * 1e9), 1000, units);
  if (seconds < 3600) return formatted("%.0f%s", std::floor(seconds / 60), "m");
  if (seconds < 86400) return formatted("%.0f%s", std::floor(seconds / 3600), "h");
  return formatted("%.0f%s", std::floor(seconds / 86400), "d");
}

std::string json_number(double value) { return formatted("%.6g%s", value, ""); }

}  // namespace shmbus::command
