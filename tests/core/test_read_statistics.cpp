// What clients count of themselves, as others read it.
#include "core/publisher_statistics.hpp"
#include "core/read_statistics.hpp"
#include "core/subscriber_statistics.hpp"
#include "shmbus/errc.hpp"
#include "sync/fixture.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

struct counted_bus {
  counted_bus(publisher_options p = {}, subscriber_options s = {}) : pub(broker, p), sub(broker, s)
  {
  }

  core::bus& bus() const { return *broker.implementation(); }
  static core::lessee lessee(client_id id) { return {id.slot, id.generation}; }

  core::publisher_counts published() const
  {
    const auto c = core::read_publisher_statistics(bus(), lessee(pub.id()));
    REQUIRE(c);
    return *c;
  }
  core::topic_counts published(const std::string& topic) const
  {
    for (const auto& t : published().topics)
      if (t.topic == topic) return t;
    return {};
  }
  core::subscriber_counts received() const
  {
    const auto c = core::read_subscriber_statistics(bus(), lessee(sub.id()));
    REQUIRE(c);
    return *c;
  }
  std::uint64_t sampled() const
  {
    const auto c = received();
    return std::accumulate(c.latency.begin(), c.latency.end(), std::uint64_t{0});
  }

  sync::broker broker{own_bus()};
  sync::publisher pub;
  sync::subscriber sub;
};

}  // namespace

TEST_CASE("statistics: a publisher counts messages and bytes of each topic")
{
  counted_bus b;
  b.sub.subscribe("/a/#");
  CHECK(b.published().topics.empty());
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i != 5; ++i) b.pub.publish(topic("/a/x"), "1234");
  b.pub.publish(topic("/a/with-a-text-that-fits-into-no-cache-line-of-64-bytes-for-sure"), "12");
  const auto x = b.published("/a/x");
  CHECK(x.messages == 5);
  CHECK(x.bytes == 20);
  CHECK(x.unheard == 0);
  CHECK(x.last_size == 4);
  CHECK(x.last_at_ns >= static_cast<std::uint64_t>(before.time_since_epoch().count()));
  CHECK(b.published("/a/with-a-text-that-fits-into-no-cache-line-of-64-bytes-for-sure").bytes == 2);
  CHECK(b.published().topics.size() == 2);
}

TEST_CASE("statistics: what nobody subscribed to is counted as unheard, also if it was a loan")
{
  counted_bus b;
  b.pub.publish(topic("/nobody"), "123");
  auto loan = b.pub.loan(topic("/nobody"), 7);
  b.pub.publish(std::move(loan));
  const auto t = b.published("/nobody");
  CHECK(t.messages == 2);
  CHECK(t.unheard == 2);
  CHECK(t.bytes == 10);
  b.sub.subscribe("/nobody");
  b.pub.publish(topic("/nobody"), "123");
  CHECK(b.published("/nobody").messages == 3);
  CHECK(b.published("/nobody").unheard == 2);
}

TEST_CASE("statistics: without timestamps there is no time and no latency")
{
  counted_bus b({.timestamps = false});
  b.sub.subscribe("/a");
  for (int i = 0; i != 200; ++i) {
    b.pub.publish(topic("/a"), "x");
    b.sub.receive();
  }
  CHECK(b.published("/a").last_at_ns == 0);
  CHECK(b.sampled() == 0);
  CHECK(b.received().received == 200);
}

TEST_CASE("statistics: a publisher counts what it could not publish, and why")
{
  counted_bus b({}, {.queue_capacity = 1, .overflow = overflow::block});
  b.sub.subscribe("/a");
  std::error_code ec;
  for (int i = 0; i != 4; ++i) b.pub.try_publish(topic("/a"), "x", ec);
  CHECK(b.published().refused_queue_full == 3);
  CHECK(b.published("/a").messages == 1);
  ec.clear();
  auto most = b.pub.loan(topic("/b"), b.broker.config().buffer_size - 4096, ec);
  REQUIRE_FALSE(ec);
  b.pub.loan(topic("/b"), 100'000, ec);
  CHECK(ec == errc::buffer_full);
  CHECK(b.published().refused_buffer_full == 1);
}

TEST_CASE("statistics: a subscriber counts what it received and what it lost")
{
  counted_bus b({}, {.queue_capacity = 4});
  b.sub.subscribe("/a");
  for (int i = 0; i != 10; ++i) b.pub.publish(topic("/a"), "123");
  while (b.sub.try_receive()) {
  }
  CHECK(b.received().received == 4);
  CHECK(b.received().bytes == 12);
  CHECK(b.received().lost == 6);
  CHECK(b.sub.lost() == 6);
}

TEST_CASE("statistics: the latency of each 64th message is measured")
{
  counted_bus b;
  b.sub.subscribe("/a");
  for (int i = 0; i != 640; ++i) {
    b.pub.publish(topic("/a"), "x");
    b.sub.receive();
  }
  CHECK(b.sampled() == 10);
}

TEST_CASE("statistics: the latency of a message that was waited for is measured")
{
  counted_bus b;
  b.sub.subscribe("/a");
  CHECK_FALSE(b.sub.receive_for(1ms));
  b.pub.publish(topic("/a"), "x");
  b.sub.receive();
  CHECK(b.sampled() == 1);
  const auto c = b.received();
  CHECK(c.latency_ns > 0);
  CHECK(std::ranges::find(c.latency, 1u) - c.latency.begin() > 1);  // some nanoseconds at least
}

TEST_CASE("statistics: a message from the future has no latency, one from long ago the largest")
{
  counted_bus b;
  core::subscriber_statistics s(b.bus(), counted_bus::lessee(b.sub.id()));
  for (const std::int64_t sent : {std::int64_t{1}, std::int64_t{1} << 62}) {
    s.going_to_sleep();
    s.received(1, sent);
  }
  const auto c = b.received();
  CHECK(c.latency.front() == 1);
  CHECK(c.latency.back() == 1);
}

TEST_CASE("statistics: topics for which there is no room are counted together")
{
  counted_bus b;
  constexpr std::size_t many = 12'000;
  for (std::size_t i = 0; i != many; ++i)
    for (int k = 0; k != 2; ++k) b.pub.publish(topic("/t/" + std::to_string(i)), "x");
  const auto c = b.published();
  const std::size_t entries = core::most_topic_pages * 63;
  CHECK(c.topics.size() == entries);
  CHECK(c.topics.front().topic.empty());
  CHECK(c.topics.front().messages == 2 * (many - (entries - 1)));
  for (std::size_t i = 1; i != entries; ++i) REQUIRE(c.topics[i].messages == 2);
}

TEST_CASE("statistics: they are read as long as the client is there, and of no other one")
{
  counted_bus b;
  b.sub.subscribe("/a");
  b.pub.publish(topic("/a"), "x");
  const auto pub = counted_bus::lessee(b.pub.id());
  const auto sub = counted_bus::lessee(b.sub.id());
  CHECK_FALSE(core::read_publisher_statistics(b.bus(), {pub.slot, pub.generation + 1}));
  b.pub.close();  // its message is still to be read
  CHECK(core::read_publisher_statistics(b.bus(), pub));
  b.sub.receive();
  CHECK_FALSE(b.sub.try_receive());
  CHECK_FALSE(core::read_publisher_statistics(b.bus(), pub));
  b.sub.close();
  CHECK_FALSE(core::read_subscriber_statistics(b.bus(), sub));
}

TEST_CASE("statistics: garbage in them is read as nothing")
{
  counted_bus b;
  b.pub.publish(topic("/a"), "x");
  b.pub.publish(topic("/b"), "x");
  auto& word = b.bus().slot(b.pub.id().slot).statistics;
  const auto place = core::place_word::unpack(word.load(core::acquire));
  auto* page = b.bus().control_at<core::topic_page>(place.page, core::page_size);
  auto* first = reinterpret_cast<core::topic_entry*>(reinterpret_cast<std::byte*>(page) +
                                                     core::topic_page_begin);
  first[1].topic_size.store(3, core::relaxed);  // "/a" and a zero
  CHECK(b.published().topics.size() == 1);
  first[1].topic_size.store(256, core::relaxed);
  CHECK(b.published().topics.empty());
  page->next.store(place.pack(), core::relaxed);  // round and round
  CHECK_FALSE(core::read_publisher_statistics(b.bus(), counted_bus::lessee(b.pub.id())));
  word.store(core::place_word{0x7fffffff, place.generation}.pack(), core::relaxed);
  CHECK_FALSE(core::read_publisher_statistics(b.bus(), counted_bus::lessee(b.pub.id())));
  page->next.store(0, core::relaxed);
  word.store(place.pack(), core::relaxed);
}

TEST_CASE("statistics: a publisher does not believe where its entries are said to end")
{
  counted_bus b;
  b.pub.publish(topic("/a"), "x");
  const auto root = b.bus().slot(b.pub.id().slot).statistics.load(core::acquire);
  auto* page =
      b.bus().control_at<core::topic_page>(core::place_word::unpack(root).page, core::page_size);
  for (const std::uint64_t garbage :
       {~std::uint64_t{0} - 7, std::uint64_t{1}, std::uint64_t{4000}}) {
    page->end.store(garbage, core::relaxed);
    b.pub.publish(topic("/" + std::to_string(garbage)), "x");
    CHECK(page->end.load(core::relaxed) <= core::page_size);
    CHECK(page->end.load(core::relaxed) % core::cache_line == 0);
  }
  CHECK(b.published().topics.size() == 4);
}

TEST_CASE("statistics: without memory for them everything else goes on")
{
  auto config = own_bus();
  config.max_clients = 4;
  sync::broker broker(config);
  core::bus& bus = *broker.implementation();
  sync::publisher pub(broker);
  std::error_code ec;
  const core::lessee hoarder{3, 1};
  for (std::uint32_t pages = 1024; pages != 0; pages /= 2)
    while (bus.control_pages().lease(hoarder, pages, ec)) {
    }
  sync::subscriber late(broker);
  CHECK_FALSE(core::read_subscriber_statistics(bus, counted_bus::lessee(late.id())));
  core::publisher_statistics counts(bus, counted_bus::lessee(late.id()));
  for (int i = 0; i != 200; ++i) {
    auto& t = counts.topic("/t/" + std::to_string(i));
    core::publisher_statistics::published(t, 1, 0);
    core::publisher_statistics::unheard(t, 1);
  }
  counts.refused(errc::queue_full);
  for (int i = 0; i != 100; ++i) pub.publish(topic("/t/" + std::to_string(i)), "x");
  const auto seen = core::read_publisher_statistics(bus, counted_bus::lessee(pub.id()));
  REQUIRE(seen);
  std::uint64_t messages = 0;
  for (const auto& t : seen->topics) messages += t.messages;
  CHECK(messages == 100);
  CHECK(seen->topics.front().topic.empty());
  bus.control_pages().reclaim(hoarder);
}
