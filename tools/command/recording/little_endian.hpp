#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

namespace shmbus::recording {

/// Overwrites `sizeof(T)` bytes of `out` behind `at`.
template <std::integral T>
void put_number(std::string& out, std::size_t at, T value) noexcept
{
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i != sizeof(T); ++i)
    out[at + i] = static_cast<char>(bits >> (8 * i) & 0xff);
}

template <std::integral T>
void append_number(std::string& out, T value)
{
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  put_number(out, at, value);
}

/// `from` has `sizeof(T)` bytes behind `at`, at least.
template <std::integral T>
T number_at(std::span<const std::byte> from, std::size_t at) noexcept
{
  std::make_unsigned_t<T> bits = 0;
  for (std::size_t i = sizeof(T); i-- != 0;)
    bits =
        static_cast<std::make_unsigned_t<T>>(bits << 8 | std::to_integer<unsigned>(from[at + i]));
  return static_cast<T>(bits);
}

}  // namespace shmbus::recording
