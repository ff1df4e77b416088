#include "model/bus_memory.hpp"

#include "core/layout.hpp"
#include "core/words.hpp"
#include "model/explorer.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <optional>

namespace model::bus_memory {
namespace {

using namespace shmbus::core;

std::optional<geometry> shape;
std::byte* control_begin = nullptr;
std::byte* data_begin = nullptr;
constexpr std::size_t most_control = std::size_t{64} << 20;
constexpr std::size_t most_data = std::size_t{4} << 20;
kept<std::uint32_t> written_control;  // pages
kept<std::uint32_t> written_data;
std::uint8_t is_written[(most_control + most_data) / page_size];

constexpr std::uint32_t generations = 16;
process_id owner_of[16][generations];  // by slot and generation

std::byte* map(std::size_t size)
{
  return static_cast<std::byte*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

std::uint64_t at(std::uint64_t offset) noexcept
{
  std::uint64_t w;
  std::memcpy(&w, control_begin + offset, sizeof(w));
  return w;
}

std::uint64_t offset_in(const std::byte* begin, std::size_t size, const void* where) noexcept
{
  const auto* p = static_cast<const std::byte*>(where);
  return p >= begin && p < begin + size ? static_cast<std::uint64_t>(p - begin) : ~std::uint64_t{0};
}

struct owner {
  std::uint32_t slot;
  std::uint32_t generation;
};
owner owner_in(std::uint64_t word) noexcept
{
  return {static_cast<std::uint32_t>(word & 0xffff) - 1,
          static_cast<std::uint32_t>(owner_word::owner(word) >> 16)};
}
process_id process_of(owner o) noexcept
{
  return o.slot < 16 && o.generation < generations ? owner_of[o.slot][o.generation] : -1;
}
slot_word state_of(std::uint32_t slot) noexcept
{
  return slot_word::unpack(at(shape->slots + slot * sizeof(client_slot)));
}

void mark_written(kept<std::uint32_t>& pages, std::size_t bit, std::uint64_t offset)
{
  const auto page = static_cast<std::uint32_t>(offset / page_size);
  if (is_written[bit + page]) return;
  is_written[bit + page] = 1;
  pages.push_back(page);
}

// The word of a table of owners.
void page_changes_hands(std::uint64_t old, std::uint64_t now, std::uint32_t page)
{
  old = owner_word::owner(old);
  now = owner_word::owner(now);
  if (old == now) return;
  if (old != 0) {
    const owner o = owner_in(old);
    const slot_word s = state_of(o.slot);
    if (now != 0) violation("page %u was taken from slot %u", page, o.slot);
    if (s.generation != o.generation) violation("page %u was kept beyond its owner's end", page);
    const bool by_itself = s.owned() && process_of(o) == current_process();
    if (!by_itself && s.state != slot_state::reclaim)
      violation("page %u was freed while slot %u, its owner's, has state %d", page, o.slot,
                static_cast<int>(s.state));
  } else if (process_of(owner_in(now)) != current_process()) {
    violation("page %u was leased for somebody else", page);
  }
}

void expect_no_page_of(std::uint32_t slot, std::uint32_t generation)
{
  const std::uint64_t gone = owner_word::of(slot, generation);
  for (std::uint64_t p = shape->first_leased_page; p != shape->first_leased_page + 64; ++p)
    if (owner_word::owner(at(shape->control_owners + p * 8)) == gone)
      violation("slot %u is free, but control page %lu is still its", slot, p);
  for (std::uint64_t p = 1; p != shape->data_pages; ++p)
    if (owner_word::owner(at(shape->data_owners + p * 8)) == gone)
      violation("slot %u is free, but data page %lu is still its", slot, p);
}

void slot_changes(std::uint32_t slot, std::uint64_t old_word, std::uint64_t now_word)
{
  const auto old = slot_word::unpack(old_word);
  const auto now = slot_word::unpack(now_word);
  using enum slot_state;
  if (now.state == live) {
    if (old.state != free || now.generation != old.generation + 1 || now.generation >= generations)
      violation("slot %u was taken, but it was not free", slot);
    owner_of[slot][now.generation] = current_process();
    return;
  }
  const auto from = old.state;
  const bool known = (now.state == leaving && from == live) ||
                     (now.state == dying && (from == live || from == leaving)) ||
                     (now.state == dead && from == dying) ||
                     (now.state == reclaim && from == dead) ||
                     (now.state == free && from == reclaim);
  if (!known || now.generation != old.generation)
    violation("slot %u goes from state %d to %d", slot, static_cast<int>(from),
              static_cast<int>(now.state));
  if (now.state == free) expect_no_page_of(slot, now.generation);
}

void before_write_to_page(std::uint64_t owner_now, const char* file, std::uint64_t page,
                          const std::byte* lane)
{
  if (owner_now == 0) violation("%s page %lu is written, and nobody's", file, page);
  if (process_of(owner_in(owner_now)) == current_process()) return;
  if (lane) {
    std::uint64_t between[2];  // lane_header: publisher, subscriber
    std::memcpy(between, lane, sizeof(between));
    if (between[0] == owner_now && process_of(owner_in(between[1])) == current_process()) return;
  }
  violation("%s page %lu is written by who does not own it", file, page);
}

}  // namespace

void begin(std::uint32_t max_clients, std::uint64_t buffer_size)
{
  shape.emplace(max_clients, buffer_size, 4);
  if (!control_begin) control_begin = map(most_control);
  if (!data_begin) data_begin = map(most_data);
  if (shape->control_size > most_control || shape->data_size > most_data) std::abort();
  for (const std::uint32_t p : written_control) {
    std::memset(control_begin + std::size_t{p} * page_size, 0, page_size);
    is_written[p] = 0;
  }
  for (const std::uint32_t p : written_data) {
    std::memset(data_begin + std::size_t{p} * page_size, 0, page_size);
    is_written[most_control / page_size + p] = 0;
  }
  written_control.clear();
  written_data.clear();
}

const geometry& limits() noexcept { return *shape; }
std::byte* control() noexcept { return control_begin; }
std::byte* data() noexcept { return data_begin; }

void before_write(const void* where)
{
  if (const auto o = offset_in(data_begin, most_data, where); o != ~std::uint64_t{0}) {
    mark_written(written_data, most_control / page_size, o);
    const std::uint64_t page = o / page_size;
    before_write_to_page(owner_word::owner(at(shape->data_owners + page * 8)), "data", page,
                         nullptr);
    return;
  }
  const auto o = offset_in(control_begin, most_control, where);
  if (o == ~std::uint64_t{0}) return;
  mark_written(written_control, 0, o);
  const std::uint64_t page = o / page_size;
  if (page < shape->first_leased_page) return;
  before_write_to_page(owner_word::owner(at(shape->control_owners + page * 8)), "control", page,
                       control_begin + page * page_size);
}

void after_write(const void* where, std::uint64_t old, std::uint64_t now)
{
  const auto o = offset_in(control_begin, most_control, where);
  if (o == ~std::uint64_t{0} || old == now) return;
  if (o >= shape->slots && o < shape->pending) {
    const std::uint64_t in = o - shape->slots;
    if (in % sizeof(client_slot) == offsetof(client_slot, state))
      slot_changes(static_cast<std::uint32_t>(in / sizeof(client_slot)), old, now);
  } else if (o >= shape->data_owners && o < shape->control_owners) {
    page_changes_hands(old, now, static_cast<std::uint32_t>((o - shape->data_owners) / 8));
  } else if (o >= shape->control_owners && o < shape->first_leased_page * page_size) {
    page_changes_hands(old, now, static_cast<std::uint32_t>((o - shape->control_owners) / 8));
  }
}

void expect_all_free()
{
  for (std::uint32_t i = 0; i != shape->max_clients; ++i)
    if (const auto s = state_of(i); s.state != slot_state::free)
      violation("slot %u is never free again: state %d", i, static_cast<int>(s.state));
  for (std::uint64_t p = shape->first_leased_page; p != shape->first_leased_page + 64; ++p)
    if (owner_word::owner(at(shape->control_owners + p * 8)) != 0)
      violation("control page %lu leaked", p);
  for (std::uint64_t p = 1; p != shape->data_pages; ++p)
    if (owner_word::owner(at(shape->data_owners + p * 8)) != 0)
      violation("data page %lu leaked", p);
}

const char* describe(const void* where)
{
  static char text[64];
  const auto print = [&](const char* name, std::uint64_t i, std::uint64_t rest) {
    std::snprintf(text, sizeof(text), "%s %lu + %lu", name, i, rest);
    return text;
  };
  if (const auto o = offset_in(data_begin, most_data, where); o != ~std::uint64_t{0})
    return print("data page", o / page_size, o % page_size);
  const auto o = offset_in(control_begin, most_control, where);
  if (o == ~std::uint64_t{0}) {
    std::snprintf(text, sizeof(text), "%p", where);
    return text;
  }
  const std::uint64_t bitmap = shape->bitmap_words * 8;
  if (o < shape->slots) return print("header", 0, o);
  if (o < shape->pending)
    return print("slot", (o - shape->slots) / sizeof(client_slot),
                 (o - shape->slots) % sizeof(client_slot));
  if (o < shape->bells) return print("pending of", (o - shape->pending) / bitmap, 0);
  if (o < shape->bell_pending)
    return print("bell", (o - shape->bells) / 64, (o - shape->bells) % 64);
  if (o < shape->data_owners)
    return print("pending of bell", (o - shape->bell_pending) / bitmap, 0);
  if (o < shape->control_owners)
    return print("owner of data page", (o - shape->data_owners) / 8, 0);
  if (o < shape->first_leased_page * page_size)
    return print("owner of control page", (o - shape->control_owners) / 8, 0);
  return print("control page", o / page_size, o % page_size);
}

}  // namespace model::bus_memory
