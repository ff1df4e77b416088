#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "shmbus/errc.hpp"
#include "test.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;
using core::lessee;

namespace {

constexpr lessee first_client{1, 10};
constexpr lessee second_client{2, 20};

struct fixture {
  fixture()
  {
    static std::atomic<int> count{0};
    bus = core::bus::open({.name = "pages-" + std::to_string(count++), .buffer_size = 1 << 20}, ec);
    REQUIRE_FALSE(ec);
  }

  core::page_table& pages() { return bus->data_pages(); }
  std::uint32_t count() { return pages().end() - pages().first(); }

  std::uint32_t leased()
  {
    std::uint32_t n = 0;
    for (std::uint32_t p = pages().first(); p != pages().end(); ++p) n += pages().owner(p) != 0;
    return n;
  }

  std::shared_ptr<core::bus> bus;
  std::error_code ec;
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "page_table: leases are runs within the table, of nobody else")
{
  const auto a = pages().lease(first_client, 3, ec);
  const auto b = pages().lease(second_client, 2, ec);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(*a >= pages().first());
  CHECK((*b >= *a + 3 || *b + 2 <= *a));
  CHECK(pages().owner(*a) == pages().owner(*a + 2));
  CHECK(pages().owner(*a) != pages().owner(*b));
  CHECK(pages().high_water() >= 5 + pages().first());
  CHECK(leased() == 5);
}

TEST_CASE_FIXTURE(fixture, "page_table: full, and room again after one run is given back")
{
  const auto all = pages().lease(first_client, count(), ec);
  REQUIRE(all);
  CHECK_FALSE(pages().lease(first_client, 1, ec));
  CHECK(ec == errc::buffer_full);
  ec.clear();
  pages().give_back(first_client, *all + 4, 2);
  CHECK_FALSE(pages().lease(second_client, 3, ec));
  ec.clear();
  CHECK(pages().lease(second_client, 2, ec) == *all + 4);
  CHECK_FALSE(pages().lease(second_client, count() + 1, ec));
}

TEST_CASE_FIXTURE(fixture, "page_table: nobody gives back what is another's")
{
  const auto a = pages().lease(first_client, 2, ec);
  REQUIRE(a);
  pages().give_back(second_client, *a, 2);
  pages().give_back({first_client.slot, first_client.generation + 1}, *a, 2);
  CHECK(leased() == 2);
}

TEST_CASE_FIXTURE(fixture,
                  "page_table: reclaim takes all of one client and generation, and no more")
{
  for (int i = 0; i != 10; ++i) {
    REQUIRE(pages().lease(first_client, 3, ec));
    REQUIRE(pages().lease(second_client, 1, ec));
  }
  pages().reclaim(first_client);
  CHECK(leased() == 10);
  pages().reclaim({second_client.slot, second_client.generation - 1});
  CHECK(leased() == 10);
  pages().reclaim(second_client);
  CHECK(leased() == 0);
}

TEST_CASE_FIXTURE(fixture, "page_table: threads that lease at once never get the same page")
{
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      const lessee who{t, t + 1};
      for (int i = 0; i != 2000; ++i) {
        std::error_code mine;
        const std::uint32_t n = 1 + static_cast<std::uint32_t>(i) % 5;
        const auto page = pages().lease(who, n, mine);
        if (!page) continue;
        for (std::uint32_t k = 0; k != n; ++k)
          if (pages().owner(*page + k) != core::owner_word::owner(who.word())) ++wrong;
        pages().give_back(who, *page, n);
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(leased() == 0);
}

TEST_CASE_FIXTURE(fixture, "page_table: all of it can be reserved at once")
{
  pages().reserve_all(ec);
  CHECK_FALSE(ec);
  CHECK(pages().lease(first_client, count(), ec));
}
