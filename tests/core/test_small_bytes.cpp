#include "core/small_bytes.hpp"
#include "test.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

using namespace shmbus;

TEST_CASE("copy_bytes: as memcpy, and not one byte beyond")
{
  std::array<std::byte, 300> from{};
  for (std::size_t i = 0; i != from.size(); ++i) from[i] = static_cast<std::byte>(i * 7 + 1);
  for (std::size_t size = 0; size <= 280; ++size) {
    CAPTURE(size);
    std::array<std::byte, 300> to{};
    const std::vector<std::byte> exact(from.begin(), from.begin() + static_cast<int>(size));
    core::copy_bytes(to.data() + 8, exact.data(), size);
    CHECK(std::memcmp(to.data() + 8, from.data(), size) == 0);
    CHECK(to[7] == std::byte{0});
    CHECK(to[8 + size] == std::byte{0});
  }
  core::copy_bytes(from.data(), nullptr, 0);
}

TEST_CASE("equal_bytes: as memcmp, for a difference at any place")
{
  for (std::size_t size = 0; size <= 64; ++size) {
    CAPTURE(size);
    std::vector<char> a(size, 'x');
    const std::vector<char> b(size, 'x');
    CHECK(core::equal_bytes(a.data(), b.data(), size));
    for (std::size_t i = 0; i != size; ++i) {
      a[i] = 'y';
      CHECK_FALSE(core::equal_bytes(a.data(), b.data(), size));
      a[i] = 'x';
    }
  }
}
