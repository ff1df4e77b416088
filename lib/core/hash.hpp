#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace shmbus::core {

__extension__ using uint128 = unsigned __int128;

/// Every bit of the operands reaches every bit of the result.
inline std::uint64_t multiply_mix(std::uint64_t a, std::uint64_t b) noexcept
{
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// A 64-bit hash of some bytes, 8 of them at a time, in the manner of wyhash. All bits are good.
///
/// The same in every process, as the checksum in the header of a bus needs it: changing it makes
/// buses of before unreadable. It is no defence against who looks for collisions.
inline std::uint64_t hash_bytes(std::string_view bytes) noexcept
{
  // Odd, with as many ones as zeros: wyhash's.
  constexpr std::uint64_t first = 0xa0761d6478bd642f;
  constexpr std::uint64_t second = 0xe7037ed1a0b428db;

  const char* next = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = first;
  for (; left >= 8; next += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, next, 8);
    hash = multiply_mix(hash ^ word, second);
  }
  std::uint64_t rest = 0;
  if (left != 0) std::memcpy(&rest, next, left);
  hash = multiply_mix(hash ^ rest, second);
  // The length tells apart texts that differ in zeros at the end. By itself, after the bytes are
  // mixed: next to them it would make one byte more look like another byte.
  return multiply_mix(hash ^ bytes.size(), first);
}

}  // namespace shmbus::core
