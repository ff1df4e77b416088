#include "model/memory.hpp"

#include "model/arena.hpp"
#include "model/explorer.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace model::memory {
namespace {

constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;
constexpr auto seq_cst = std::memory_order_seq_cst;

bool acquires(std::memory_order o) { return o == acquire || o == acq_rel || o == seq_cst; }
bool releases(std::memory_order o) { return o == release || o == acq_rel || o == seq_cst; }

struct value {
  std::uint64_t word;
  const view* passes_on;  // null: nothing
  std::uint32_t time;
};

struct location {
  const void* where = nullptr;
  std::uint32_t execution = 0;  // to which `values` belong
  kept<value> values;
};

// Words that are known to be shared: a hash table of places in `locations`.
constexpr std::size_t table_size = 4096;
std::uint16_t table[table_size];  // index + 1
location locations[most_locations];
std::size_t count = 0;

// The others, as they are come by: who accessed them.
struct access {
  const void* where;
  std::uint16_t fibers;
  bool written;
};
constexpr std::size_t notes_size = 1 << 15;
access notes[notes_size];
kept<std::uint32_t> noted;
kept<const void*> found_shared;

views of[most_fibers];
std::uint32_t fresh[most_fibers];  // sees at least what was written up to then
view agreed;                       // on what seq_cst accesses and fences agree
std::uint32_t execution = 0;
std::uint32_t now = 0;

kept<view*> pool;  // views that values pass on
std::size_t pool_used = 0;

std::size_t hash_of(const void* p) noexcept
{
  return (reinterpret_cast<std::uintptr_t>(p) * 0x9e37'79b9'7f4a'7c15u) >> 40;
}

int find(const void* where) noexcept
{
  for (std::size_t i = hash_of(where) % table_size; table[i]; i = (i + 1) % table_size)
    if (locations[table[i] - 1u].where == where) return table[i] - 1;
  return -1;
}

void add(const void* where)
{
  if (find(where) >= 0) return;
  if (count == most_locations) {
    std::fprintf(stderr, "more than %zu words are shared: make the scenario smaller\n", count);
    std::exit(2);
  }
  locations[count].where = where;
  locations[count].execution = 0;
  std::size_t i = hash_of(where) % table_size;
  while (table[i]) i = (i + 1) % table_size;
  table[i] = static_cast<std::uint16_t>(++count);
}

view* new_view()
{
  if (pool_used == pool.size()) pool.push_back(static_cast<view*>(std::malloc(sizeof(view))));
  return pool[pool_used++];
}

void set_newest(void* where, unsigned size, std::uint64_t v) noexcept
{
  std::memcpy(where, &v, size);  // little-endian
}

location& at(const void* where, unsigned size)
{
  location& l = locations[find(where)];
  if (l.execution != execution) {
    l.execution = execution;
    l.values.clear();
    l.values.push_back({newest(where, size), nullptr, 0});
  }
  return l;
}

std::size_t index_of(const location& l) { return static_cast<std::size_t>(&l - locations); }

// Takes what a value passes on, and remembers that it was seen.
void see(int fiber, location& l, std::size_t position, std::memory_order order)
{
  views& mine = of[fiber];
  const std::size_t i = index_of(l);
  mine.current.seen[i] = std::max(mine.current.seen[i], static_cast<stamp>(position));
  if (order == seq_cst) agreed.seen[i] = std::max(agreed.seen[i], static_cast<stamp>(position));
  if (const view* v = l.values[position].passes_on)
    (acquires(order) ? mine.current : mine.acquired).join(*v, count);
}

// The oldest value that the fiber may see.
std::size_t oldest(int fiber, const location& l, std::memory_order order)
{
  const std::size_t i = index_of(l);
  std::size_t first = of[fiber].current.seen[i];
  if (order == seq_cst) first = std::max<std::size_t>(first, agreed.seen[i]);
  std::size_t p = l.values.size() - 1;
  while (p > first && l.values[p].time > fresh[fiber]) --p;
  return p;
}

void write(int fiber, location& l, void* where, unsigned size, std::uint64_t word,
           std::memory_order order, const view* continued)
{
  views& mine = of[fiber];
  const std::size_t i = index_of(l);
  const auto position = static_cast<stamp>(l.values.size());
  mine.current.seen[i] = position;
  if (order == seq_cst) agreed.seen[i] = position;
  view* passes_on = nullptr;
  if (releases(order) || mine.has_released || continued) {
    passes_on = new_view();
    if (releases(order)) {
      passes_on->assign(mine.current, count);
    } else if (mine.has_released) {
      passes_on->assign(mine.released, count);
    } else {
      passes_on->assign(*continued, count);
    }
    if (continued) passes_on->join(*continued, count);
    passes_on->seen[i] = position;
  }
  l.values.push_back({word, passes_on, ++now});
  set_newest(where, size, word);
  if (passes_on) next_step(fiber);
}

std::uint64_t cut(std::uint64_t word, unsigned size)
{
  return size == 8 ? word : word & ((std::uint64_t{1} << (8 * size)) - 1);
}

}  // namespace

void begin() noexcept
{
  ++execution;
  now = 0;
  pool_used = 0;
  agreed.clear(count);
  for (const std::uint32_t n : noted) notes[n] = {};
  noted.clear();
  found_shared.clear();
}

bool is_shared(const void* where) noexcept { return find(where) >= 0; }
std::size_t shared_words() noexcept { return count; }

void note(const void* where, int fiber, bool writes) noexcept
{
  std::size_t i = hash_of(where) % notes_size;
  while (notes[i].where && notes[i].where != where) i = (i + 1) % notes_size;
  access& a = notes[i];
  if (!a.where) {
    a.where = where;
    noted.push_back(static_cast<std::uint32_t>(i));
    if (noted.size() * 2 > notes_size) std::abort();
  }
  const bool was = a.written && (a.fibers & (a.fibers - 1));
  a.fibers |= static_cast<std::uint16_t>(1u << fiber);
  a.written = a.written || writes;
  if (!was && a.written && (a.fibers & (a.fibers - 1))) found_shared.push_back(where);
}

bool learn()
{
  const bool any = !found_shared.empty();
  for (const void* where : found_shared) add(where);
  found_shared.clear();
  return any;
}

void forget_shared()
{
  std::memset(table, 0, sizeof(table));
  count = 0;
}

std::uint64_t load(int fiber, const void* where, unsigned size, std::memory_order order)
{
  location& l = at(where, size);
  const std::size_t last = l.values.size() - 1;
  const std::size_t back = choose_value(last - oldest(fiber, l, order) + 1);
  see(fiber, l, last - back, order);
  return l.values[last - back].word;
}

void store(int fiber, void* where, unsigned size, std::uint64_t word, std::memory_order order)
{
  write(fiber, at(where, size), where, size, cut(word, size), order, nullptr);
}

std::uint64_t modify(int fiber, void* where, unsigned size, change c, std::uint64_t operand,
                     std::memory_order order)
{
  location& l = at(where, size);
  const value old = l.values.back();
  see(fiber, l, l.values.size() - 1, order);
  write(fiber, l, where, size, cut(changed(old.word, c, operand), size), order, old.passes_on);
  return old.word;
}

bool compare_exchange(int fiber, void* where, unsigned size, std::uint64_t& expected,
                      std::uint64_t desired, std::memory_order success, std::memory_order failure)
{
  location& l = at(where, size);
  const std::size_t last = l.values.size() - 1;
  const std::uint64_t wanted = cut(expected, size);
  // It succeeds with the newest value, or fails with any that may be seen and is another one.
  std::size_t places[64];
  std::size_t n = 0;
  places[n++] = last;
  for (std::size_t p = last, end = oldest(fiber, l, failure); p-- > end && n != 64;)
    if (l.values[p].word != wanted) places[n++] = p;
  const std::size_t chosen = places[choose_value(n)];
  const value old = l.values[chosen];
  if (chosen == last && old.word == wanted) {
    see(fiber, l, last, success);
    write(fiber, l, where, size, cut(desired, size), success, old.passes_on);
    return true;
  }
  see(fiber, l, chosen, failure);
  expected = old.word;
  return false;
}

void fence(int fiber, std::memory_order order)
{
  views& mine = of[fiber];
  if (acquires(order)) mine.current.join(mine.acquired, count);
  if (order == seq_cst) {
    mine.current.join_seen(agreed, count);
    agreed.join_seen(mine.current, count);
  }
  if (releases(order)) {
    mine.released.assign(mine.current, count);
    mine.has_released = true;
    next_step(fiber);
  }
}

void start(int fiber, int from) noexcept
{
  views& mine = of[fiber];
  if (from < 0)
    mine.current.clear(count);
  else
    mine.current.assign(of[from].current, count);
  mine.acquired.clear(count);
  mine.has_released = false;
  fresh[fiber] = 0;
  mine.current.happened[fiber] = 1;
  if (from >= 0) next_step(from);
}

void catch_up(int fiber) noexcept { fresh[fiber] = now; }

void give(int fiber, carried& c) noexcept
{
  if (c.any)
    c.v.join(of[fiber].current, count);
  else
    c.v.assign(of[fiber].current, count);
  c.any = true;
  next_step(fiber);
}

void take(int fiber, const carried& c) noexcept
{
  if (c.any) of[fiber].current.join(c.v, count);
}

void clear(carried& c) noexcept { c.any = false; }

bool happened_before(int fiber, int other, std::uint16_t n) noexcept
{
  return fiber == other || of[fiber].current.happened[other] >= n;
}

std::uint16_t step_of(int fiber) noexcept { return of[fiber].current.happened[fiber]; }
void next_step(int fiber) noexcept { ++of[fiber].current.happened[fiber]; }

std::uint64_t changed(std::uint64_t old, change c, std::uint64_t operand) noexcept
{
  switch (c) {
    case change::exchange: return operand;
    case change::add: return old + operand;
    case change::subtract: return old - operand;
    case change::bit_or: return old | operand;
    case change::bit_and: return old & operand;
  }
  return operand;
}

std::uint64_t newest(const void* where, unsigned size) noexcept
{
  std::uint64_t v = 0;
  std::memcpy(&v, where, size);
  return v;
}

}  // namespace model::memory
