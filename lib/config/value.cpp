#include "config/value.hpp"

#include "core/utf8.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace shmbus::config {
namespace {

// A whole number and what stands behind it; nothing if it does not begin with one.
std::optional<std::pair<std::uint64_t, std::string_view>> split(std::string_view text)
{
  std::uint64_t n = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, ec] = std::from_chars(text.data(), end, n);
  if (ec != std::errc{}) return {};
  return std::pair(n, std::string_view(stopped, end));
}

std::optional<std::uint64_t> product(std::uint64_t n, std::uint64_t factor, std::uint64_t most)
{
  if (n > most / factor) return {};
  return n * factor;
}

}  // namespace

std::optional<bool> as_flag(const value& v)
{
  if (const auto* flag = std::get_if<bool>(&v)) return *flag;
  if (const auto* plain = std::get_if<plain_text>(&v)) {
    if (plain->text == "true" || plain->text == "1") return true;
    if (plain->text == "false" || plain->text == "0") return false;
  }
  return {};
}

std::optional<std::uint64_t> as_number(const value& v)
{
  if (const auto* n = std::get_if<std::int64_t>(&v); n && *n >= 0)
    return static_cast<std::uint64_t>(*n);
  if (const auto* plain = std::get_if<plain_text>(&v))
    if (const auto parts = split(plain->text); parts && parts->second.empty()) return parts->first;
  return {};
}

const std::string* as_text(const value& v)
{
  if (const auto* plain = std::get_if<plain_text>(&v)) return &plain->text;
  return std::get_if<std::string>(&v);
}

std::optional<std::uint64_t> as_size(const value& v)
{
  if (const auto n = as_number(v)) return n;
  const std::string* text = as_text(v);
  const auto parts = text ? split(*text) : std::nullopt;
  if (!parts) return {};
  constexpr std::array units = {std::pair{"K", 10}, std::pair{"M", 20}, std::pair{"G", 30}};
  for (const auto& [unit, shift] : units) {
    const std::string letter = unit;
    const std::string_view given = parts->second;
    if (given == letter || given == letter + "iB" || given == letter + "B")
      return product(parts->first, std::uint64_t{1} << shift,
                     std::numeric_limits<std::uint64_t>::max());
  }
  return {};
}

std::optional<std::chrono::nanoseconds> as_duration(const value& v)
{
  if (as_number(v) == 0U) return std::chrono::nanoseconds(0);
  const std::string* text = as_text(v);
  const auto parts = text ? split(*text) : std::nullopt;
  if (!parts) return {};
  constexpr std::array units = {std::pair{"ns", 1U}, std::pair{"us", 1'000U},
                                std::pair{"ms", 1'000'000U}, std::pair{"s", 1'000'000'000U}};
  for (const auto& [unit, factor] : units) {
    if (parts->second != unit) continue;
    const auto n = product(parts->first, factor, std::numeric_limits<std::int64_t>::max());
    if (n) return std::chrono::nanoseconds(*n);
  }
  return {};
}

std::string shown(const value& v)
{
  if (const auto* flag = std::get_if<bool>(&v)) return *flag ? "true" : "false";
  if (const auto* n = std::get_if<std::int64_t>(&v)) return std::to_string(*n);
  if (const auto* other = std::get_if<unusable>(&v)) return std::string(other->what);
  return core::quoted(*as_text(v));
}

}  // namespace shmbus::config
