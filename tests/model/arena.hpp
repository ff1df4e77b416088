#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// Memory of what runs in the model: taken from the beginning again for each execution, so that
/// addresses come again too; never used twice within one, so that what is used after it was freed is
/// noticed.
namespace model::arena {

/// Allocations come from part `n` from now on; -1: from malloc.
void use(int n) noexcept;
int in_use() noexcept;

/// Gives everything back, at once.
void reset() noexcept;

bool holds(const void* p) noexcept;
/// Whether that was given back.
bool freed(const void* p) noexcept;

void* take_outside(std::size_t size);
void give_outside(void* p) noexcept;

/// For what the model keeps from one execution to the next.
template <class T>
struct outside {
  using value_type = T;
  outside() noexcept = default;
  template <class U>
  outside(const outside<U>&) noexcept
  {
  }
  T* allocate(std::size_t n) { return static_cast<T*>(take_outside(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) noexcept { give_outside(p); }
  friend bool operator==(outside, outside) noexcept { return true; }
};

}  // namespace model::arena

namespace model {

template <class T>
using kept = std::vector<T, arena::outside<T>>;

}  // namespace model
