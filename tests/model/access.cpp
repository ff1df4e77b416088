#include "model/access.hpp"

#include "core/shared_word.hpp"
#include "model/arena.hpp"
#include "model/bus_memory.hpp"
#include "model/explorer.hpp"
#include "model/races.hpp"

#include <cstring>

namespace model {
namespace {

const char* place = "";  // of the write to shared memory that comes next
unsigned place_line = 0;

const char* name_of(std::memory_order o)
{
  switch (o) {
    case std::memory_order_relaxed: return "relaxed";
    case std::memory_order_consume:
    case std::memory_order_acquire: return "acquire";
    case std::memory_order_release: return "release";
    case std::memory_order_acq_rel: return "acq_rel";
    case std::memory_order_seq_cst: return "seq_cst";
  }
  return "";
}

void tell(const char* what, const void* where, std::uint64_t word, std::memory_order o, bool writes)
{
  if (!tracing()) return;
  const char* file = std::strrchr(place, '/');
  trace("%-8s %-28s %#lx %s%s%s:%u", what, bus_memory::describe(where), word, name_of(o),
        writes ? "  " : "", writes ? (file ? file + 1 : place) : "", writes ? place_line : 0);
}

// Not freed; and who frees it later has to know that we were here.
void touch(const void* where, unsigned size)
{
  if (arena::holds(where)) races::access(where, size, false);
}

// Whether the access is a step of the exploration.
bool is_step(const void* where, unsigned size, bool writes)
{
  if (!exploring()) return false;
  touch(where, size);
  if (!memory::is_shared(where)) {
    memory::note(where, current_fiber(), writes);
    return false;
  }
  step(writes);
  touch(where, size);
  return true;
}

void set(void* where, unsigned size, std::uint64_t word) { std::memcpy(where, &word, size); }

std::uint64_t cut(std::uint64_t word, unsigned size)
{
  return size == 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

}  // namespace

std::uint64_t load(const void* where, unsigned size, std::memory_order order) noexcept
{
  if (!is_step(where, size, false)) return memory::newest(where, size);
  const std::uint64_t word = memory::load(current_fiber(), where, size, order);
  tell("load", where, word, order, false);
  return word;
}

void store(void* where, unsigned size, std::uint64_t value, std::memory_order order) noexcept
{
  const bool stepped = is_step(where, size, true);
  bus_memory::before_write(where);
  const std::uint64_t old = memory::newest(where, size);
  if (stepped) {
    memory::store(current_fiber(), where, size, value, order);
    tell("store", where, value, order, true);
  } else {
    set(where, size, value);
  }
  bus_memory::after_write(where, old, cut(value, size));
}

std::uint64_t modify(void* where, unsigned size, change c, std::uint64_t operand,
                     std::memory_order order) noexcept
{
  const bool stepped = is_step(where, size, true);
  bus_memory::before_write(where);
  std::uint64_t old;
  if (stepped) {
    old = memory::modify(current_fiber(), where, size, c, operand, order);
  } else {
    old = memory::newest(where, size);
    set(where, size, memory::changed(old, c, operand));
  }
  const std::uint64_t now = memory::newest(where, size);
  if (stepped) tell("modify", where, now, order, true);
  bus_memory::after_write(where, old, now);
  return old;
}

bool compare_exchange(void* where, unsigned size, std::uint64_t& expected, std::uint64_t desired,
                      std::memory_order success, std::memory_order failure) noexcept
{
  const bool stepped = is_step(where, size, true);
  const std::uint64_t old = memory::newest(where, size);
  bool done;
  if (stepped) {
    done =
        memory::compare_exchange(current_fiber(), where, size, expected, desired, success, failure);
    tell(done ? "cas" : "cas fails", where, done ? desired : expected, success, true);
  } else {
    done = old == cut(expected, size);
    if (done)
      set(where, size, desired);
    else
      expected = old;
  }
  if (!done) return false;
  bus_memory::before_write(where);
  bus_memory::after_write(where, old, cut(desired, size));
  return true;
}

void fence(std::memory_order order) noexcept
{
  if (!exploring()) return;
  // Another fiber notices a seq_cst fence by what it sees after its own.
  if (order == std::memory_order_seq_cst) step(false);
  memory::fence(current_fiber(), order);
  if (tracing()) trace("fence %s", name_of(order));
}

}  // namespace model

namespace shmbus::core {

void crash_point(const std::source_location& where) noexcept
{
  model::place = where.file_name();
  model::place_line = where.line();
}

}  // namespace shmbus::core
