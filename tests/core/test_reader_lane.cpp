#include "core/fixture.hpp"
#include "core/reader_lane.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

using namespace shmbus;
using core::reader_lane;
using core::ring_word;
using found = reader_lane::found;

namespace {

// A lane with its subscriber's side, and a publisher that is nothing but its words.
struct lane : core_fixture {
  explicit lane(overflow policy, std::uint32_t capacity = 4, std::uint32_t max_held = 4,
                bool small = false)
      : shape(capacity, max_held, small),
        memory(static_cast<std::byte*>(
            ::operator new(shape.size(), std::align_val_t{alignof(core::lane_header)}))),
        view(shape.view(::new(memory.get()) core::lane_header{})),
        reader({1, 5}, view, shape, policy)
  {
    std::memset(memory.get(), 0, shape.size());
    const auto pages = bus->data_pages().lease({1, 5}, 1, ec);
    REQUIRE(pages);
    first_chunk = *pages * (core::page_size / core::chunk_unit);
    data = bus->writable_data(ec);
  }

  core::chunk_header& head(std::uint64_t chunk)
  {
    return *reinterpret_cast<core::chunk_header*>(data + chunk * core::chunk_unit);
  }

  // A message of 64 bytes on topic /t, in the i-th chunk.
  std::uint64_t fill(std::uint32_t i, std::uint64_t sequence)
  {
    const std::uint64_t chunk = first_chunk + 2 * i;
    core::chunk_header& h = head(chunk);
    h.sequence.store(sequence, core::relaxed);
    h.payload_size.store(64, core::relaxed);
    h.topic_offset.store(offsetof(core::chunk_header, inline_topic), core::relaxed);
    h.topic_size.store(2, core::relaxed);
    std::memcpy(h.inline_topic, "/t", 2);
    return chunk;
  }
  void put(std::uint64_t position, std::uint64_t chunk)
  {
    view.word(position % shape.capacity)
        .store(ring_word::of(position / shape.capacity + 1, chunk), core::release);
  }
  // The same in the slot itself.
  void put_small(std::uint64_t position, std::string_view text)
  {
    const auto index = static_cast<std::uint32_t>(position % shape.capacity);
    core::small_topic topic;
    topic.assign("/t", 2);
    const auto bytes = std::as_bytes(std::span(text));
    core::small_content{position, 7, 8, bytes.data(), bytes.size(), topic}.write(view.small(index));
    put(position, ring_word::small);
  }
  found take(detail::received& r)
  {
    const found f = reader.look();
    return f == found::message ? reader.take(*bus, own, r) : f;
  }
  std::uint64_t completion(std::uint64_t k) const
  {
    return view.completions[k % shape.completions].load(core::acquire);
  }

  struct free_memory {
    void operator()(std::byte* p) const
    {
      ::operator delete(p, std::align_val_t{alignof(core::lane_header)});
    }
  };

  core::lane_shape shape;
  std::unique_ptr<std::byte, free_memory> memory;
  core::lane_view view;
  core::own_messages own;
  reader_lane reader;
  std::byte* data = nullptr;
  std::uint64_t first_chunk = 0;
};

constexpr overflow all_policies[] = {overflow::drop_oldest, overflow::drop_newest, overflow::block};

}  // namespace

TEST_CASE("reader_lane: takes messages in order, and says how far it is")
{
  for (const overflow policy : all_policies) {
    lane l(policy);
    CHECK(l.reader.look() == found::nothing);
    for (std::uint64_t n = 0; n != 20; ++n) {
      const auto chunk = l.fill(n % 4, n);
      l.put(n, chunk);
      detail::received r;
      REQUIRE(l.take(r) == found::message);
      CHECK(r.sequence == n);
      CHECK(r.payload_size == 64);
      CHECK(std::string_view(r.topic, r.topic_size) == "/t");
      CHECK(l.view.header->read.load(core::acquire) == n + 1);
      const bool marked = ring_word::chunk(l.view.word(n % 4).load(core::acquire)) == 0;
      CHECK(marked == (policy == overflow::drop_oldest));
      CHECK_FALSE(l.reader.release(r.chunk));
      CHECK(l.completion(n) == ring_word::of(n / l.shape.completions + 1, chunk));
      CHECK(l.reader.held() == 0);
    }
    CHECK(l.reader.collect_lost() == 0);
  }
}

TEST_CASE("reader_lane: counts what was pushed out, evicted, and dropped, each once")
{
  lane l(overflow::drop_oldest);
  for (std::uint64_t n = 0; n != 10; ++n) l.put(n, l.fill(n % 4, n));  // 0 to 5 are gone
  detail::received r;
  REQUIRE(l.take(r) == found::message);
  CHECK(r.sequence == 6);
  CHECK(l.reader.collect_lost() == 6);
  l.put(7, 0);  // evicted early
  REQUIRE(l.take(r) == found::message);
  CHECK(r.sequence == 8);
  CHECK(l.reader.collect_lost() == 1);
  l.view.header->dropped.store(3, core::release);
  CHECK(l.reader.collect_lost() == 3);
  CHECK(l.reader.collect_lost() == 0);
}

TEST_CASE("reader_lane: a message that is evicted after the look is not taken")
{
  lane l(overflow::drop_oldest);
  for (std::uint32_t n = 0; n != 4; ++n) l.put(n, l.fill(n, n));
  REQUIRE(l.reader.look() == found::message);
  l.put(4, l.fill(4, 4));  // the publisher was faster
  detail::received r;
  CHECK(l.reader.take(*l.bus, l.own, r) == found::nothing);
  REQUIRE(l.take(r) == found::message);
  CHECK(r.sequence == 1);
  CHECK(l.reader.collect_lost() == 1);
}

TEST_CASE("reader_lane: laps that only drop_oldest can bring are garbage elsewhere")
{
  for (const overflow policy : {overflow::drop_newest, overflow::block}) {
    lane l(policy);
    l.put(4, l.fill(0, 4));
    CHECK(l.reader.look() == found::corrupt);
  }
}

TEST_CASE("reader_lane: heads that can't be")
{
  const auto is_corrupt = [](auto spoil) {
    lane l(overflow::drop_oldest);
    std::uint64_t chunk = l.fill(0, 0);
    spoil(l, chunk);
    l.put(0, chunk);
    detail::received r;
    return l.take(r) == found::corrupt;
  };
  CHECK_FALSE(is_corrupt([](lane&, std::uint64_t&) {}));
  CHECK(is_corrupt([](lane&, std::uint64_t& chunk) { chunk = 1; }));  // in page 0
  CHECK(is_corrupt(
      [](lane& l, std::uint64_t& chunk) { chunk = l.bus->limits().data_size / core::chunk_unit; }));
  CHECK(is_corrupt([](lane&, std::uint64_t& chunk) { chunk = ring_word::chunk_mask; }));
  for (const std::uint64_t size : {std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{63}})
    CHECK(is_corrupt(
        [&](lane& l, std::uint64_t& c) { l.head(c).payload_size.store(size, core::relaxed); }));
  for (const std::uint64_t offset : {std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{1}})
    CHECK(is_corrupt(
        [&](lane& l, std::uint64_t& c) { l.head(c).topic_offset.store(offset, core::relaxed); }));
  CHECK(is_corrupt(
      [](lane& l, std::uint64_t& c) { l.head(c).topic_size.store(256, core::relaxed); }));
}

TEST_CASE("reader_lane: messages are released in any order and on any thread; the last one ends it")
{
  lane l(overflow::drop_oldest);
  std::vector<detail::received> held(4);
  for (std::uint32_t n = 0; n != 4; ++n) {
    l.put(n, l.fill(n, n));
    REQUIRE(l.take(held[n]) == found::message);
  }
  CHECK(l.reader.held() == 4);
  CHECK_FALSE(l.reader.release(held[2].chunk));
  CHECK(l.completion(0) == ring_word::of(1, held[2].chunk));  // in the order of release
  CHECK(l.reader.held() == 3);
  CHECK_FALSE(l.reader.finish());
  std::thread([&] { CHECK_FALSE(l.reader.release(held[0].chunk)); }).join();
  CHECK_FALSE(l.reader.release(held[3].chunk));
  CHECK(l.reader.release(held[1].chunk));
}

TEST_CASE("reader_lane: finished at once where nothing is held")
{
  lane l(overflow::block);
  CHECK(l.reader.finish());
}

TEST_CASE("reader_lane: one whose completions were overwritten is kept, not freed")
{
  lane l(overflow::drop_oldest);
  detail::received r;
  l.put(0, l.fill(0, 0));
  REQUIRE(l.take(r) == found::message);
  CHECK_FALSE(l.reader.release(r.chunk));
  l.view.completions[0].store(0, core::release);
  CHECK_FALSE(l.reader.finish());
}

TEST_CASE("reader_lane: a publisher that waits for room is rung for each taking")
{
  lane l(overflow::block);
  l.put(0, l.fill(0, 0));
  l.put(1, l.fill(1, 1));
  const auto bell = core::leased_bell::lease(l.bus, l.ec);
  REQUIRE(bell);
  l.bus->slot(1).bell.store(bell->index() + 1, core::seq_cst);
  detail::received r;
  auto ticket = bell->arm();
  REQUIRE(l.take(r) == found::message);
  CHECK_FALSE(bell->rung_since(ticket));
  l.view.header->want_space.store(1, core::seq_cst);
  REQUIRE(l.take(r) == found::message);
  CHECK(bell->rung_since(ticket));
  CHECK((bell->pending()[0].load(core::seq_cst) & core::bit_mask(1)) != 0);
}

TEST_CASE("reader_lane: small messages are copied, so their slot is free at once")
{
  for (const overflow policy : all_policies) {
    lane l(policy, 4, 4, true);
    std::vector<detail::received> held(12);
    for (std::uint64_t n = 0; n != held.size(); ++n) {
      l.put_small(n, std::string(n * 7, static_cast<char>('a' + n)));
      REQUIRE(l.take(held[n]) == found::message);
      CHECK(l.view.header->read.load(core::acquire) == n + 1);
    }
    CHECK(l.own.held() == held.size());
    CHECK(l.reader.held() == 0);  // nothing of the publisher's
    for (std::uint64_t n = 0; n != held.size(); ++n) {
      const detail::received& r = held[n];
      CHECK(r.sequence == n);
      CHECK(r.sent_at_ns == 7);
      CHECK(r.type == 8);
      CHECK(std::string_view(r.topic, r.topic_size) == "/t");
      CHECK(std::string(reinterpret_cast<const char*>(r.payload), r.payload_size) ==
            std::string(n * 7, static_cast<char>('a' + n)));
      CHECK(reinterpret_cast<std::uintptr_t>(r.payload) % core::cache_line == 0);
      CHECK_FALSE(l.own.give_back(*r.block));
    }
    CHECK(l.own.held() == 0);
  }
}

TEST_CASE("reader_lane: a small message that is overwritten while it is copied is not taken")
{
  lane l(overflow::drop_oldest, 4, 4, true);
  for (std::uint64_t n = 0; n != 4; ++n) l.put_small(n, "old");
  REQUIRE(l.reader.look() == found::message);
  SUBCASE("by a whole one") { l.put_small(4, "new"); }
  SUBCASE("by one that is still being written, or whose publisher died there")
  {
    l.put(4, ring_word::writing);
  }
  detail::received r;
  CHECK(l.reader.take(*l.bus, l.own, r) == found::nothing);
  CHECK(l.own.held() == 0);
  for (std::uint64_t n = 1; n != 4; ++n) {
    REQUIRE(l.take(r) == found::message);
    CHECK(r.sequence == n);
    l.own.give_back(*r.block);
  }
  CHECK(l.reader.collect_lost() == 1);
}

TEST_CASE("reader_lane: where one is being written there is nothing yet")
{
  lane l(overflow::drop_oldest, 4, 4, true);
  l.put(0, ring_word::writing);
  CHECK(l.reader.look() == found::nothing);
  l.put_small(0, "there");
  CHECK(l.reader.look() == found::message);
}

TEST_CASE("reader_lane: small messages that can't be")
{
  lane l(overflow::drop_oldest, 4, 4, true);
  detail::received r;
  const auto spoil = [&](std::uint64_t n, std::uint64_t sizes) {
    l.put_small(n, "text");
    l.view.small(static_cast<std::uint32_t>(n % 4)).sizes.store(sizes, core::relaxed);
    return l.take(r);
  };
  CHECK(spoil(0, std::uint64_t{81} << 32 | 2) == found::corrupt);
  CHECK(spoil(1, std::uint64_t{0xffffffff} << 32) == found::corrupt);
  CHECK(spoil(2, 0xffffffff) == found::corrupt);
  CHECK(spoil(3, std::uint64_t{80} << 32 | 2) == found::message);
  l.own.give_back(*r.block);
  CHECK(l.own.held() == 0);
  lane plain(overflow::drop_oldest);
  plain.put(0, ring_word::small);
  CHECK(plain.take(r) == found::corrupt);
}
