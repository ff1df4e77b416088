#include "core/bus.hpp"
#include "core/writer_lane.hpp"
#include "test.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace shmbus;
using core::ring_word;
using core::writer_lane;
using pushed = writer_lane::pushed;

namespace {

constexpr core::lessee publisher{1, 5};
constexpr core::lessee subscriber{2, 6};

// A lane with its publisher's side, and a subscriber that is nothing but its words.
struct lane {
  explicit lane(overflow policy, std::uint32_t capacity = 4, std::uint32_t max_held = 4,
                bool small = false)
      : shape(capacity, max_held, small),
        bus(open()),
        pool(*bus, publisher),
        memory(static_cast<std::byte*>(
            ::operator new(shape.size(), std::align_val_t{alignof(core::lane_header)}))),
        view(shape.view(::new(memory.get()) core::lane_header{})),
        writer(view.header, shape, publisher, subscriber, policy, 9, 100)
  {
  }

  static std::shared_ptr<core::bus> open()
  {
    static std::atomic<int> count{0};
    std::error_code ec;
    auto b =
        core::bus::open({.name = "lane-" + std::to_string(count++), .buffer_size = 1 << 20}, ec);
    REQUIRE_FALSE(ec);
    return b;
  }

  pushed push()
  {
    std::error_code ec;
    core::chunk_record* r = pool.take_free(64);
    if (!r) r = pool.take_new(64, ec);
    REQUIRE(r);
    last = r->chunk;
    const pushed result = writer.push(*r, pool);
    if (r->outstanding == 0) pool.give_back(*r);
    return result;
  }

  std::uint64_t word() const { return view.word(next.index).load(std::memory_order_acquire); }

  pushed push_small(std::string_view text)
  {
    core::small_topic topic;
    topic.assign("/t", 2);
    const auto bytes = std::as_bytes(std::span(text));
    return writer.push(core::small_content{count++, 7, 0, bytes.data(), bytes.size(), topic}, pool);
  }
  std::string text(std::uint32_t index) const
  {
    const core::small_message& m = view.small(index);
    std::byte out[core::small_message::capacity];
    core::load_words(out, m.text, core::small_message::text_words);
    return {reinterpret_cast<const char*>(out), m.sizes.load(std::memory_order_relaxed) >> 32};
  }

  // What a subscriber does, without its looking.
  std::uint64_t take()
  {
    const std::uint64_t w = word();
    REQUIRE(ring_word::lap(w) == next.lap);
    view.word(next.index)
        .store(ring_word::of(next.lap, ring_word::taken), std::memory_order_release);
    next.advance(shape.capacity);
    view.header->read.store(next.count(shape.capacity), std::memory_order_release);
    return ring_word::chunk(w);
  }
  void release(std::uint64_t chunk)
  {
    view.completions[done.index].store(ring_word::of(done.lap, chunk), std::memory_order_release);
    done.advance(shape.completions);
  }
  std::uint64_t lost() const { return view.header->dropped.load(std::memory_order_acquire); }

  struct free_memory {
    void operator()(std::byte* p) const
    {
      ::operator delete(p, std::align_val_t{alignof(core::lane_header)});
    }
  };

  core::lane_shape shape;
  std::shared_ptr<core::bus> bus;
  core::chunk_pool pool;
  std::unique_ptr<std::byte, free_memory> memory;
  core::lane_view view;
  writer_lane writer;
  core::ring_position next, done;
  std::uint64_t count = 0;
  std::uint64_t last = 0;
};

}  // namespace

TEST_CASE("lane shape: completions for all that can be outstanding")
{
  for (const std::uint32_t capacity : {1u, 2u, 3u, 255u, 256u, 65536u}) {
    const core::lane_shape s(capacity, 64, false);
    CHECK(s.completions >= capacity + 64 + 1);
    CHECK(std::has_single_bit(s.completions));
    CHECK((1u << s.completions_log2) == s.completions);
    CHECK(s.pages() * core::page_size >= s.size());
    CHECK(core::lane_shape(capacity, 64, true).slots_size() == capacity * sizeof(core::small_slot));
  }
}

TEST_CASE("writer_lane: messages stand in order, and come back when they are released")
{
  for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block}) {
    lane l(policy);
    for (int round = 0; round != 100; ++round) {
      REQUIRE(l.push() == pushed::sent);
      const auto first = l.last;
      REQUIRE(l.push() == pushed::sent);
      const auto second = l.last;
      CHECK(l.take() == first);
      CHECK(l.take() == second);
      l.release(second);  // in any order
      l.release(first);
    }
    CHECK(l.lost() == 0);
    l.writer.collect(l.pool);
    CHECK(l.pool.trim());  // all are free again
  }
}

TEST_CASE("writer_lane: a full queue that drops the newest counts each of them")
{
  lane l(overflow::drop_newest);
  for (int i = 0; i != 4; ++i) CHECK(l.push() == pushed::sent);
  for (int i = 0; i != 3; ++i) CHECK(l.push() == pushed::lost);
  CHECK(l.lost() == 3);
  l.take();  // room comes with the taking, not with the release
  CHECK(l.push() == pushed::sent);
  CHECK(l.push() == pushed::lost);
  CHECK(l.lost() == 4);
}

TEST_CASE("writer_lane: a full queue that blocks says so, and loses nothing")
{
  lane l(overflow::block);
  for (int i = 0; i != 4; ++i) CHECK(l.push() == pushed::sent);
  CHECK(l.writer.full());
  CHECK(l.push() == pushed::full);
  CHECK(l.lost() == 0);
  l.take();
  CHECK_FALSE(l.writer.full());
  CHECK(l.push() == pushed::sent);
}

TEST_CASE("writer_lane: a full queue that drops the oldest has its chunk back at once")
{
  lane l(overflow::drop_oldest);
  for (int i = 0; i != 4; ++i) CHECK(l.push() == pushed::sent);
  const auto before = l.word();
  for (int i = 0; i != 1000; ++i) CHECK(l.push() == pushed::sent);
  CHECK(ring_word::lap(l.word()) == ring_word::lap(before) + 250);
  CHECK(l.lost() == 0);  // the subscriber counts these by their laps
  while (l.writer.evict_oldest(l.pool)) {
  }
  CHECK(l.pool.trim());
}

TEST_CASE("writer_lane: under memory pressure the oldest goes first; only where that is allowed")
{
  lane l(overflow::drop_oldest);
  for (int i = 0; i != 3; ++i) l.push();
  CHECK(l.writer.evict_oldest(l.pool));
  CHECK(ring_word::chunk(l.view.word(0).load(std::memory_order_acquire)) == 0);
  CHECK(ring_word::chunk(l.view.word(1).load(std::memory_order_acquire)) != 0);
  l.next.advance(4);
  l.take();
  CHECK(l.writer.evict_oldest(l.pool));  // the third; what is taken is the subscriber's
  CHECK_FALSE(l.writer.evict_oldest(l.pool));
  for (const auto policy : {overflow::drop_newest, overflow::block}) {
    lane other(policy);
    other.push();
    CHECK_FALSE(other.writer.evict_oldest(other.pool));
  }
}

TEST_CASE("writer_lane: held messages do not fill the queue, until no completion would be left")
{
  lane l(overflow::drop_newest, 4, 4);
  std::vector<std::uint64_t> held;
  while (l.push() == pushed::sent) held.push_back(l.take());
  CHECK(held.size() == l.shape.completions);  // no completion can be overwritten
  CHECK(l.lost() == 1);
  for (const auto chunk : held) l.release(chunk);
  CHECK(l.push() == pushed::sent);
}

TEST_CASE("writer_lane: garbage from the subscriber breaks this lane and nothing else")
{
  const auto garbage = [](std::uint64_t chunk) {
    lane l(overflow::drop_oldest);
    for (int i = 0; i != 4; ++i) l.push();
    l.release(chunk);
    l.push();
    CHECK(l.writer.broken());
    CHECK(l.push() == pushed::broken);
    CHECK_FALSE(l.writer.full());
    CHECK_FALSE(l.writer.evict_oldest(l.pool));
  };
  garbage(0);
  garbage(1);
  garbage(ring_word::chunk_mask);
  SUBCASE("the same chunk twice")
  {
    lane l(overflow::drop_newest);
    for (int i = 0; i != 4; ++i) l.push();
    const auto chunk = l.take();
    l.release(chunk);
    l.release(chunk);
    l.writer.collect(l.pool);
    CHECK(l.writer.broken());
  }
  SUBCASE("a chunk of another lane")
  {
    lane l(overflow::drop_newest);
    l.push();
    std::error_code ec;
    core::chunk_record* other = l.pool.take_new(5000, ec);
    REQUIRE(other);
    other->add(10);
    l.release(other->chunk);
    l.writer.collect(l.pool);
    CHECK(l.writer.broken());
    CHECK(other->outstanding == 1);
  }
  SUBCASE("a slot that names what is not ours, when its turn comes to be evicted")
  {
    lane l(overflow::drop_oldest);
    for (int i = 0; i != 4; ++i) l.push();
    l.view.word(0).store(ring_word::of(1, 12345), std::memory_order_release);
    l.push();
    CHECK(l.writer.broken());
  }
}

TEST_CASE("writer_lane: small messages stand in their slots and need no chunk")
{
  for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block}) {
    lane l(policy, 4, 4, true);
    REQUIRE(l.writer.has_small());
    for (int round = 0; round != 3; ++round) {
      for (const std::string size : {"", "1", "12345678", "123456789"}) {
        REQUIRE(l.push_small(size) == pushed::sent);
        CHECK(l.text(l.next.index) == size);
        CHECK(l.take() == ring_word::small);
      }
    }
    CHECK(l.view.small(0).sent_at_ns.load(std::memory_order_relaxed) == 7);
    CHECK((l.view.small(0).sizes.load(std::memory_order_relaxed) & 0xffffffff) == 2);
    CHECK_FALSE(l.pool.trim());  // it never leased anything
  }
}

TEST_CASE("writer_lane: a full queue of small messages does what its subscriber chose")
{
  const std::string most(80, 'm');
  lane oldest(overflow::drop_oldest, 4, 4, true);
  for (int i = 0; i != 9; ++i) CHECK(oldest.push_small(most) == pushed::sent);
  CHECK(ring_word::lap(oldest.word()) == 3);
  CHECK(oldest.lost() == 0);
  lane newest(overflow::drop_newest, 4, 4, true);
  for (int i = 0; i != 4; ++i) CHECK(newest.push_small(most) == pushed::sent);
  CHECK(newest.push_small(most) == pushed::lost);
  CHECK(newest.lost() == 1);
  lane block(overflow::block, 4, 4, true);
  for (int i = 0; i != 4; ++i) CHECK(block.push_small(most) == pushed::sent);
  CHECK(block.push_small(most) == pushed::full);
  block.take();
  CHECK(block.push_small(most) == pushed::sent);
}

TEST_CASE("writer_lane: small messages and chunks push each other out")
{
  lane l(overflow::drop_oldest, 4, 4, true);
  for (int i = 0; i != 4; ++i) CHECK(l.push() == pushed::sent);
  for (int i = 0; i != 4; ++i) CHECK(l.push_small("small") == pushed::sent);
  CHECK(l.pool.trim());  // all chunks are back
  for (int i = 0; i != 4; ++i) CHECK(l.push() == pushed::sent);
  CHECK(ring_word::is_chunk(l.word()));
  CHECK_FALSE(l.writer.broken());
}

TEST_CASE("writer_lane: under memory pressure small messages stay, since they use none")
{
  lane l(overflow::drop_oldest, 4, 4, true);
  l.push_small("small");
  l.push();
  CHECK(l.writer.evict_oldest(l.pool));
  CHECK_FALSE(l.writer.evict_oldest(l.pool));
  CHECK(ring_word::chunk(l.view.word(0).load(std::memory_order_acquire)) == ring_word::small);
}

TEST_CASE("writer_lane: a subscriber that says it read what was never sent breaks the lane")
{
  lane l(overflow::block, 4, 4, true);
  for (int i = 0; i != 4; ++i) l.push_small("small");
  l.view.header->read.store(5, std::memory_order_release);
  CHECK(l.push_small("small") == pushed::broken);
  CHECK(l.writer.broken());
}

TEST_CASE("writer_lane: one thread writes while another takes and releases")
{
  lane l(overflow::block, 8, 8);
  constexpr int messages = 20'000;
  std::thread reader([&] {
    for (int i = 0; i != messages; ++i) {
      while (ring_word::lap(l.word()) != l.next.lap) std::this_thread::yield();
      l.release(l.take());
    }
  });
  int sent = 0;
  while (sent != messages) {
    const pushed p = l.push();
    if (p == pushed::sent)
      ++sent;
    else
      std::this_thread::yield();
    if (p == pushed::broken) break;
  }
  CHECK(sent == messages);
  reader.join();
  l.writer.collect(l.pool);
  CHECK(l.pool.trim());
  CHECK_FALSE(l.writer.broken());
}
