#include "core/geometry.hpp"
#include "core/lane.hpp"
#include "test.hpp"

#include <cstdint>

using namespace shmbus;
using core::geometry;

namespace {

// Calls `check` for small, common and the largest limits.
template <class Check>
void with_all(Check check)
{
  for (const std::uint32_t clients : {2u, 3u, 64u, 65u, 1000u, core::max_clients_limit})
    for (const std::uint64_t buffer :
         {core::min_buffer_size, std::uint64_t{100'001}, core::max_buffer_size})
      for (const std::uint32_t subscriptions : {1u, core::max_subscriptions_limit}) {
        CAPTURE(clients);
        CAPTURE(buffer);
        check(geometry(clients, buffer, subscriptions));
      }
}

}  // namespace

TEST_CASE("geometry: the parts of control lie one behind the other, each with room for its words")
{
  with_all([](const geometry& g) {
    const std::uint64_t bitmaps = std::uint64_t{g.max_clients} * g.bitmap_words * 8;
    CHECK(g.bitmap_words * 64 >= g.max_clients);
    CHECK(g.slots >= sizeof(core::bus_header));
    CHECK(g.pending >= g.slots + g.max_clients * sizeof(core::client_slot));
    CHECK(g.bells >= g.pending + bitmaps);
    CHECK(g.bell_pending >= g.bells + g.max_clients * sizeof(core::bell));
    CHECK(g.fixed_size >= g.bell_pending + bitmaps);
    CHECK(g.data_owners >= g.fixed_size);
    CHECK(g.control_owners >= g.data_owners + std::uint64_t{g.data_pages} * 8);
    CHECK(g.first_leased_page * core::page_size >=
          g.control_owners + std::uint64_t{g.control_pages} * 8);
    CHECK(g.control_size == std::uint64_t{g.control_pages} * core::page_size);
  });
}

TEST_CASE("geometry: what several processes write lies on cache lines of its own")
{
  with_all([](const geometry& g) {
    for (const std::uint64_t begin : {g.slots, g.pending, g.bells, g.bell_pending})
      CHECK(begin % core::cache_line == 0);
    CHECK(g.bitmap_words * 8 % core::cache_line == 0);
    CHECK(g.fixed_size % core::page_size == 0);
  });
}

TEST_CASE("geometry: the largest message fits, and each chunk has a name")
{
  with_all([](const geometry& g) {
    const std::uint64_t largest = sizeof(core::chunk_header) + g.buffer_size + max_topic_size;
    CHECK(g.data_size - core::page_size >= largest);
    CHECK(g.data_size / core::chunk_unit <= std::uint64_t{1} << core::ring_word::chunk_bits);
  });
}

TEST_CASE("geometry: pages for directories, and a lane for each client")
{
  with_all([](const geometry& g) {
    CHECK(g.directory_pages() * core::page_size >= g.directory_size());
    const core::lane_shape usual(256, 64, false);
    const std::uint64_t pages = g.control_pages - g.first_leased_page;
    CHECK(pages >= g.directory_pages() + std::uint64_t{g.max_clients} * usual.pages());
  });
}
