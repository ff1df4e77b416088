#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

/// What the C library does well for large memory and, being called, slowly for a few words.
namespace shmbus::core {

/// memcpy; up to 128 bytes in place.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t size) noexcept
{
  struct block {
    std::uint64_t words[2];
  };
  if (size < sizeof(block) || size > 128) {
    if (size != 0) std::memcpy(to, from, size);
    return;
  }
  // Whole blocks, and one that ends where the bytes end.
  std::size_t i = 0;
  do {
    std::memcpy(to + i, from + i, sizeof(block));
    i += sizeof(block);
  } while (i + sizeof(block) <= size);
  std::memcpy(to + size - sizeof(block), from + size - sizeof(block), sizeof(block));
}

/// memcmp(...) == 0; all but the shortest in place.
[[gnu::always_inline]] inline bool equal_bytes(const char* a, const char* b,
                                               std::size_t size) noexcept
{
  const auto word = [](const char* p) __attribute__((always_inline))
  {
    std::uint64_t w;
    std::memcpy(&w, p, sizeof(w));
    return w;
  };
  if (size < sizeof(std::uint64_t)) return size == 0 || std::memcmp(a, b, size) == 0;
  std::size_t i = 0;
  do {
    if (word(a + i) != word(b + i)) return false;
    i += sizeof(std::uint64_t);
  } while (i + sizeof(std::uint64_t) <= size);
  const std::size_t last = size - sizeof(std::uint64_t);
  return word(a + last) == word(b + last);
}

}  // namespace shmbus::core
