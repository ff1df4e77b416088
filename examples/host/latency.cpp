#include "latency.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>

namespace demo {
namespace {

constexpr unsigned fraction_bits = 5;

}  // namespace

void latency::add(std::chrono::nanoseconds d) noexcept
{
  static_assert(per_power == std::size_t{1} << fraction_bits);
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(d.count(), 0));
  // Below 64 each value has a counter of its own; above, the highest six bits choose it.
  const auto width = static_cast<unsigned>(std::bit_width(ns));
  const unsigned shift = width > fraction_bits + 1 ? width - fraction_bits - 1 : 0;
  ++counters_[shift * per_power + (ns >> shift)];
  ++count_;
}

std::chrono::nanoseconds latency::percentile(double part) const noexcept
{
  const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i != counters_.size(); ++i) {
    passed += counters_[i];
    if (passed == 0 || passed < wanted) continue;
    const std::size_t shift = i < 2 * per_power ? 0 : i / per_power - 1;
    return std::chrono::nanoseconds{static_cast<std::int64_t>((i - shift * per_power) << shift)};
  }
  return {};
}

std::string readable(std::chrono::nanoseconds d)
{
  std::array<char, 32> text;
  const auto us = static_cast<double>(d.count()) / 1000;
  if (us < 10000)
    std::snprintf(text.data(), text.size(), "%.1f us", us);
  else
    std::snprintf(text.data(), text.size(), "%.1f ms", us / 1000);
  return text.data();
}

}  // namespace demo
