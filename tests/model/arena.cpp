#include "model/arena.hpp"

#include "model/races.hpp"
#include "model/views.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace model::arena {
namespace {

constexpr std::size_t parts = most_fibers + 1;
constexpr std::size_t part_size = std::size_t{4} << 20;
constexpr std::size_t unit = 16;

std::byte* begin = nullptr;
std::uint8_t gone[parts * part_size / unit];  // a byte for each unit
std::size_t used[parts];
int current = -1;

std::byte* memory() noexcept
{
  if (!begin)
    begin = static_cast<std::byte*>(::mmap(nullptr, parts * part_size, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  return begin;
}

// A block is preceded by its size.
void* take(std::size_t size, std::size_t alignment)
{
  const auto part = static_cast<std::size_t>(current);
  std::byte* const base = memory() + part * part_size;
  std::size_t at = used[part] + unit;
  if (alignment > unit) at = (at + alignment - 1) / alignment * alignment;
  used[part] = at + (size + unit - 1) / unit * unit;
  if (used[part] > part_size) std::abort();
  std::memcpy(base + at - sizeof(size), &size, sizeof(size));
  return base + at;
}

void give_back(void* p) noexcept
{
  if (!p) return;
  if (!holds(p)) {
    std::free(p);
    return;
  }
  std::size_t size;
  std::memcpy(&size, static_cast<std::byte*>(p) - sizeof(size), sizeof(size));
  if (current >= 0) races::access(p, size, true);  // others must be done with it
  std::memset(p, 0xdd, size);
  const auto first = static_cast<std::size_t>(static_cast<std::byte*>(p) - begin) / unit;
  std::memset(gone + first, 1, (size + unit - 1) / unit);
}

}  // namespace

void use(int n) noexcept { current = n; }
int in_use() noexcept { return current; }

void reset() noexcept
{
  for (std::size_t i = 0; i != parts; ++i) {
    std::memset(gone + i * part_size / unit, 0, used[i] / unit);
    used[i] = 0;
  }
}

bool holds(const void* p) noexcept
{
  const auto* at = static_cast<const std::byte*>(p);
  return begin && at >= begin && at < begin + parts * part_size;
}

bool freed(const void* p) noexcept
{
  return holds(p) &&
         gone[static_cast<std::size_t>(static_cast<const std::byte*>(p) - begin) / unit];
}

void* take_outside(std::size_t size) { return std::malloc(size); }
void give_outside(void* p) noexcept { std::free(p); }

}  // namespace model::arena

using namespace model;

void* operator new(std::size_t size)
{
  if (arena::in_use() >= 0) return arena::take(size, 1);
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment)
{
  if (arena::in_use() >= 0) return arena::take(size, static_cast<std::size_t>(alignment));
  if (void* p = std::aligned_alloc(static_cast<std::size_t>(alignment), size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { arena::give_back(p); }
void operator delete(void* p, std::size_t) noexcept { arena::give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { arena::give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { arena::give_back(p); }

// chunk_pool has a table from calloc; the linker leads its calls here (--wrap).
extern "C" {
void* __real_calloc(std::size_t count, std::size_t size);
void* __wrap_calloc(std::size_t count, std::size_t size)
{
  if (arena::in_use() < 0) return __real_calloc(count, size);
  void* p = arena::take(count * size, 1);
  std::memset(p, 0, count * size);
  return p;
}
void __real_free(void* p);
void __wrap_free(void* p)
{
  if (arena::holds(p))
    arena::give_back(p);
  else
    __real_free(p);
}
}
