#include "model/races.hpp"

#include "model/arena.hpp"
#include "model/bus_memory.hpp"
#include "model/explorer.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

namespace model::races {
namespace {

// Who accessed four bytes last; for one execution.
struct shadow {
  std::uint32_t execution;
  std::uint16_t written;  // step of the fiber that wrote
  std::uint8_t writer;
  std::uint8_t unused;
  std::uint16_t read[most_fibers];  // step in which each fiber read, 0: never
};

constexpr std::size_t unit = 4;
constexpr std::size_t places = std::size_t{1} << 16;
shadow table[places];
const void* owner[places];  // whose shadow it is, by address / unit
std::uint32_t execution = 0;

bool watched(const void* p) noexcept
{
  if (arena::holds(p)) return true;
  const auto* at = static_cast<const std::byte*>(p);
  const auto* data = bus_memory::data();
  return data && at >= data && at < data + (std::size_t{4} << 20);
}

shadow& shadow_of(const void* where) noexcept
{
  const std::uintptr_t key = reinterpret_cast<std::uintptr_t>(where) / unit;
  std::size_t i = (key * 0x9e37'79b9'7f4a'7c15u) >> 48;
  while (table[i].execution == execution && owner[i] != reinterpret_cast<const void*>(key))
    i = (i + 1) % places;
  if (table[i].execution != execution) {
    table[i] = {};
    table[i].execution = execution;
    owner[i] = reinterpret_cast<const void*>(key);
  }
  return table[i];
}

}  // namespace

void begin() noexcept { ++execution; }

void access(const void* where, std::size_t size, bool writes) noexcept
{
  if (!exploring() || !watched(where)) return;
  if (arena::freed(where))
    violation("memory is %s after it was freed", writes ? "written" : "read");
  const bool on_bus = !arena::holds(where);
  if (on_bus && writes) bus_memory::before_write(where);
  if (!on_bus && !has_threads()) return;
  const int me = current_fiber();
  for (std::uintptr_t a = reinterpret_cast<std::uintptr_t>(where) / unit * unit,
                      end = reinterpret_cast<std::uintptr_t>(where) + size;
       a < end; a += unit) {
    shadow& s = shadow_of(reinterpret_cast<const void*>(a));
    if (s.written != 0 && !memory::happened_before(me, s.writer, s.written))
      violation("a race: memory is %s while another thread writes it", writes ? "written" : "read");
    if (!writes) {
      s.read[me] = memory::step_of(me);
      continue;
    }
    for (std::size_t f = 0; f != most_fibers; ++f)
      if (s.read[f] != 0 && !memory::happened_before(me, static_cast<int>(f), s.read[f]))
        violation("a race: memory is written while another thread reads it");
    s.written = memory::step_of(me);
    s.writer = static_cast<std::uint8_t>(me);
  }
}

}  // namespace model::races

using model::races::access;

namespace {

template <class T, class Make>
T change(volatile T* p, Make make)
{
  model::synchronize(const_cast<const T*>(p));
  const T old = *p;
  *p = make(old);
  return old;
}

template <class T>
int compare_exchange(volatile T* p, T* expected, T desired)
{
  model::synchronize(const_cast<const T*>(p));
  const T old = *p;
  if (old == *expected) {
    *p = desired;
    return 1;
  }
  *expected = old;
  return 0;
}

}  // namespace

// The calls that the compiler puts in.
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void** p) { access(p, 8, false); }
void __tsan_vptr_update(void** p, void*) { access(p, 8, true); }
void __tsan_read_range(void* p, unsigned long n) { access(p, n, false); }
void __tsan_write_range(void* p, unsigned long n) { access(p, n, true); }

// clang calls these for copies in memory.
void* __tsan_memcpy(void* to, const void* from, unsigned long n)
{
  access(from, n, false);
  access(to, n, true);
  return std::memcpy(to, from, n);
}
void* __tsan_memmove(void* to, const void* from, unsigned long n)
{
  access(from, n, false);
  access(to, n, true);
  return std::memmove(to, from, n);
}
void* __tsan_memset(void* to, int c, unsigned long n)
{
  access(to, n, true);
  return std::memset(to, c, n);
}

#define MODEL_ACCESS(n)                                           \
  void __tsan_read##n(void* p) { access(p, n, false); }           \
  void __tsan_write##n(void* p) { access(p, n, true); }           \
  void __tsan_unaligned_read##n(void* p) { access(p, n, false); } \
  void __tsan_unaligned_write##n(void* p) { access(p, n, true); } \
  void __tsan_volatile_read##n(void* p) { access(p, n, false); }  \
  void __tsan_volatile_write##n(void* p) { access(p, n, true); }
MODEL_ACCESS(1)
MODEL_ACCESS(2)
MODEL_ACCESS(4)
MODEL_ACCESS(8)
MODEL_ACCESS(16)
#undef MODEL_ACCESS

// Atomics that are not the model's: reference counts of the standard library.
void __tsan_atomic_signal_fence(int) {}
void __tsan_atomic_thread_fence(int) {}
#define MODEL_ATOMIC(bits, type)                                                                 \
  type __tsan_atomic##bits##_load(const volatile type* p, int) { return *p; }                    \
  void __tsan_atomic##bits##_store(volatile type* p, type v, int) { *p = v; }                    \
  type __tsan_atomic##bits##_exchange(volatile type* p, type v, int)                             \
  {                                                                                              \
    return change(p, [v](type) { return v; });                                                   \
  }                                                                                              \
  type __tsan_atomic##bits##_fetch_add(volatile type* p, type v, int)                            \
  {                                                                                              \
    return change(p, [v](type old) { return static_cast<type>(old + v); });                      \
  }                                                                                              \
  type __tsan_atomic##bits##_fetch_sub(volatile type* p, type v, int)                            \
  {                                                                                              \
    return change(p, [v](type old) { return static_cast<type>(old - v); });                      \
  }                                                                                              \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* p, type* e, type v, int, int) \
  {                                                                                              \
    return compare_exchange(p, e, v);                                                            \
  }                                                                                              \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* p, type* e, type v, int, int)   \
  {                                                                                              \
    return compare_exchange(p, e, v);                                                            \
  }
MODEL_ATOMIC(8, unsigned char)
MODEL_ATOMIC(32, unsigned)
MODEL_ATOMIC(64, unsigned long)
#undef MODEL_ATOMIC

}  // extern "C"
