#include "core/bus.hpp"
#include "core/chunk_pool.hpp"
#include "shmbus/errc.hpp"
#include "test.hpp"

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;
using core::chunk_pool;
using core::chunk_record;

namespace {

constexpr core::lessee me{3, 7};
constexpr std::size_t buffer = 1 << 20;

struct fixture {
  explicit fixture(std::size_t buffer_size = buffer)
  {
    static std::atomic<int> count{0};
    std::error_code ec;
    bus = core::bus::open({.name = "pool-" + std::to_string(count++), .buffer_size = buffer_size},
                          ec);
    REQUIRE_FALSE(ec);
  }

  chunk_record* take(chunk_pool& pool, std::size_t size)
  {
    ec.clear();
    chunk_record* r = pool.take_free(size);
    return r ? r : pool.take_new(size, ec);
  }

  std::uint32_t leased_pages() const
  {
    std::uint32_t n = 0;
    const auto& pages = bus->data_pages();
    for (std::uint32_t p = pages.first(); p < pages.end(); ++p) n += pages.owner(p) != 0;
    return n;
  }

  std::shared_ptr<core::bus> bus;
  std::error_code ec;
};

}  // namespace

TEST_CASE("size steps: never too small, at most an eighth too large, and never backwards")
{
  std::uint32_t last = 0;
  for (std::uint64_t size = 1; size < 300'000; size += 61) {
    const auto step = core::size_step_of(size);
    const std::uint64_t given = std::uint64_t{step.units} * core::chunk_unit;
    REQUIRE(given >= size);
    REQUIRE(given < size + size / 8 + 2 * core::chunk_unit);
    REQUIRE(step.index >= last);
    // A chunk's own size finds the class it came from.
    REQUIRE(core::size_step_of(given).index == step.index);
    last = step.index;
  }
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: chunks do not overlap, and are found by their name alone")
{
  chunk_pool pool(*bus, me);
  std::set<std::uint32_t> units;
  std::vector<chunk_record*> taken;
  for (const std::size_t size : {1, 64, 65, 1000, 4096, 5000, 20'000}) {
    for (int i = 0; i != 5; ++i) {
      chunk_record* r = take(pool, size);
      REQUIRE(r);
      CHECK(pool.find(r->chunk) == r);
      const auto count = core::size_step_of(size).units;
      for (std::uint32_t u = 0; u != count; ++u) CHECK(units.insert(r->chunk + u).second);
      for (std::uint32_t u = 1; u < count; ++u) CHECK(pool.find(r->chunk + u) == nullptr);
      taken.push_back(r);
    }
  }
  for (auto* r : taken) pool.give_back(*r);
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: garbage names no chunk")
{
  chunk_pool pool(*bus, me);
  REQUIRE(take(pool, 100));
  for (const std::uint64_t garbage :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{buffer}, ~std::uint64_t{0},
        std::uint64_t{1} << 32, std::uint64_t{1} << 63})
    CHECK(pool.find(garbage) == nullptr);
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: what was given back last is taken first")
{
  chunk_pool pool(*bus, me);
  chunk_record* a = take(pool, 64);
  chunk_record* b = take(pool, 64);
  pool.give_back(*a);
  pool.give_back(*b);
  CHECK(take(pool, 64) == b);
  CHECK(take(pool, 64) == a);
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: a full buffer is an error, and nothing is lost by it")
{
  chunk_pool pool(*bus, me);
  for (int round = 0; round != 3; ++round) {
    std::vector<chunk_record*> taken;
    while (chunk_record* r = take(pool, 4096)) taken.push_back(r);
    CHECK(ec == errc::buffer_full);
    CHECK(taken.size() * 4096 > buffer * 3 / 4);
    for (auto* r : taken) pool.give_back(*r);
    pool.trim();
    CHECK(leased_pages() == 0);
  }
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: a chunk as large as the buffer")
{
  chunk_pool pool(*bus, me);
  chunk_record* r = take(pool, buffer);
  REQUIRE(r);
  CHECK(pool.find(r->chunk) == r);
  CHECK(take(pool, buffer) == nullptr);
  CHECK(ec == errc::buffer_full);
  pool.give_back(*r);
  CHECK(take(pool, buffer) == r);
}

TEST_CASE_FIXTURE(fixture,
                  "chunk_pool: keeps one empty run of a class, and gives it back when asked")
{
  chunk_pool pool(*bus, me);
  std::vector<chunk_record*> taken;
  for (int i = 0; i != 500; ++i) taken.push_back(take(pool, 256));
  const auto most = leased_pages();
  for (auto* r : taken) pool.give_back(*r);
  CHECK(leased_pages() < most);
  CHECK(leased_pages() > 0);
  CHECK(pool.trim());
  CHECK(leased_pages() == 0);
  CHECK_FALSE(pool.trim());
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: pages are leased in the publisher's name")
{
  chunk_pool pool(*bus, me);
  chunk_record* r = take(pool, 64);
  REQUIRE(r);
  const auto page = r->chunk / core::units_per_page;
  const auto owner = bus->data_pages().owner(page);
  CHECK(owner != 0);
  bus->data_pages().reclaim({me.slot, me.generation + 1});  // another client's death
  CHECK(bus->data_pages().owner(page) == owner);
  bus->data_pages().reclaim(me);
  CHECK(leased_pages() == 0);
}

TEST_CASE_FIXTURE(
    fixture, "chunk_pool: a page that is in use is not used again, whoever wrote that it is free")
{
  chunk_pool pool(*bus, me);
  chunk_record* r = take(pool, 4096);
  REQUIRE(r);
  bus->data_pages().give_back(me, r->chunk / core::units_per_page,
                              1);  // garbage in the owner table
  CHECK(take(pool, 64) == nullptr);
  CHECK(ec == errc::corrupt);
  CHECK(pool.find(r->chunk) == r);
}

TEST_CASE("chunk_record: in as many lanes as it was put into, also beyond 64")
{
  chunk_record r;
  for (const std::uint32_t lane : {0u, 63u, 64u, 127u, 128u, 4000u}) r.add(lane);
  CHECK(r.outstanding == 6);
  CHECK_FALSE(r.remove(1));
  CHECK_FALSE(r.remove(65));
  CHECK_FALSE(r.remove(100'000));
  CHECK(r.outstanding == 6);
  for (const std::uint32_t lane : {4000u, 128u, 127u, 64u, 63u, 0u}) {
    CHECK(r.remove(lane));
    CHECK_FALSE(r.remove(lane));
  }
  CHECK(r.outstanding == 0);
}

TEST_CASE_FIXTURE(fixture, "chunk_pool: what only a lane that is gone held is free again")
{
  chunk_pool pool(*bus, me);
  chunk_record* only = take(pool, 64);
  chunk_record* both = take(pool, 64);
  chunk_record* far = take(pool, 9000);
  only->add(5);
  both->add(5);
  both->add(70);
  far->add(70);
  pool.forget_lane(5);
  CHECK(only->outstanding == 0);
  CHECK(both->outstanding == 1);
  CHECK(take(pool, 64) == only);
  pool.give_back(*only);
  pool.forget_lane(70);
  pool.trim();
  CHECK(leased_pages() == 0);
}

namespace {

// Takes and gives back chunks of one size, one at a time, until so many different ones came in a row.
// A machine that is too slow for that is given many chances.
std::size_t go_round(fixture& f, chunk_pool& pool, std::size_t wanted, std::size_t size = 65'536)
{
  std::set<chunk_record*> seen;
  for (int i = 0; i != 100'000 && seen.size() < wanted; ++i) {
    chunk_record* r = f.take(pool, size);
    REQUIRE(r);
    if (!seen.insert(r).second) seen = {r};
    pool.give_back(*r);
  }
  return seen.size();
}

}  // namespace

TEST_CASE("chunk_pool: who sends much and fast goes round in more than a processor's own cache")
{
  fixture f(64 << 20);
  chunk_pool pool(*f.bus, me);
  const std::size_t all = core::resting_chunks::most / 65'536;
  CHECK(go_round(f, pool, all) == all);
  const std::uint32_t pages = f.leased_pages();
  CHECK(pages >= core::resting_chunks::most / core::page_size);
  CHECK(go_round(f, pool, all) == all);
  CHECK(f.leased_pages() == pages);

  // Slowly, it uses the one that it used last, and what rested goes back.
  for (int i = 0; i != 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    for (std::size_t n = 0; n != all / 2; ++n) pool.give_back(*f.take(pool, 65'536));
  }
  chunk_record* const last = f.take(pool, 65'536);
  pool.give_back(*last);
  CHECK(f.take(pool, 65'536) == last);
  CHECK(f.leased_pages() < pages);
}

TEST_CASE("chunk_pool: nothing rests in a small buffer, nor what is large or tiny itself")
{
  fixture f;
  chunk_pool pool(*f.bus, me);
  CHECK(go_round(f, pool, 2) == 1);

  fixture roomy(64 << 20);
  for (const std::size_t size : {300'000, 128}) {
    chunk_pool p(*roomy.bus, me);
    CHECK(go_round(roomy, p, 2, size) == 1);
  }
}

TEST_CASE("chunk_pool: what rests is there when memory is short")
{
  const auto take_all = [](fixture& f, chunk_pool& pool) {
    std::size_t n = 0;
    while (f.take(pool, 65'536)) ++n;
    return n;
  };
  fixture fresh(8 << 20);
  chunk_pool unused(*fresh.bus, me);
  const std::size_t all = take_all(fresh, unused);

  fixture f(8 << 20);
  chunk_pool pool(*f.bus, me);
  CHECK(go_round(f, pool, 20) == 20);
  const std::size_t first = take_all(f, pool);
  CHECK(first < all);
  pool.stop_resting();
  CHECK(first + take_all(f, pool) == all);
}
