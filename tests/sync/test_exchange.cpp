// What arrives where, in which order, and what is counted as lost.
#include "sync/fixture.hpp"

#include <cstring>
#include <thread>
#include <vector>

using namespace shmbus;

TEST_CASE("a message carries topic, payload, sequence and time")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/a/*");
  const topic t("/a/b");
  CHECK(pub.publish(topic("/other"), "x") == 0);
  const auto before = std::chrono::steady_clock::now();
  CHECK(pub.publish(t, "hello") == 1);
  const auto m = sub.try_receive();
  REQUIRE(m);
  CHECK(m->topic() == "/a/b");
  CHECK(m->text() == "hello");
  CHECK(m->sequence() == 1);
  CHECK(m->lost_before() == 0);
  CHECK(m->publisher() == pub.id());
  CHECK(m->sent_at() >= before);
  CHECK(m->sent_at() <= std::chrono::steady_clock::now());
  CHECK_FALSE(sub.try_receive());
}

TEST_CASE("topics of every length arrive whole, and so do empty payloads")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/#");
  for (std::size_t size = 2; size <= max_topic_size; ++size) {
    const std::string name = "/" + std::string(size - 1, 'x');
    pub.publish(topic(name), size % 2 ? "" : "payload");
    const auto m = sub.try_receive();
    REQUIRE(m);
    CHECK(m->topic() == name);
    CHECK(m->text() == (size % 2 ? "" : "payload"));
  }
}

TEST_CASE("several patterns that match give one message; none gives none")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  for (const char* p : {"/a/#", "/a/*", "/a/b", "/*/b"}) sub.subscribe(p);
  CHECK(pub.publish(topic("/a/b"), "1") == 1);
  CHECK(text_of(sub.try_receive()) == "1");
  CHECK_FALSE(sub.try_receive());
  CHECK(pub.publish(topic("/a"), "2") == 0);
  sub.unsubscribe("/a/#");
  sub.unsubscribe("/a/*");
  sub.unsubscribe("/a/b");
  CHECK(pub.publish(topic("/a/c"), "3") == 0);
  CHECK(pub.publish(topic("/a/b"), "4") == 1);
}

TEST_CASE("a publish that begins after subscribe() returned reaches the subscriber")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  for (int i = 0; i < 300; ++i) {
    sync::subscriber sub(bus);
    const std::string name = "/round/" + std::to_string(i % 7);
    sub.subscribe(name);
    CHECK(pub.publish(topic(name), "x") == 1);
    CHECK(text_of(sub.try_receive()) == "x");
  }
}

TEST_CASE("drop_oldest keeps the newest and counts each of the others")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  for (const std::uint32_t capacity : {1u, 3u, 16u}) {
    sync::subscriber sub(bus, {.queue_capacity = capacity, .max_held = 2});
    sub.subscribe("/t");
    const topic t("/t");
    for (int i = 0; i < 100; ++i) pub.publish(t, std::to_string(i));
    std::uint64_t lost = 0;
    for (int i = 100 - static_cast<int>(capacity); i < 100; ++i) {
      const auto m = sub.try_receive();
      REQUIRE(m);
      CHECK(m->text() == std::to_string(i));
      lost += m->lost_before();
    }
    CHECK(lost == 100 - capacity);
    CHECK(sub.lost() == lost);
  }
}

TEST_CASE("drop_newest keeps the oldest and counts each of the others")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.queue_capacity = 4, .overflow = overflow::drop_newest});
  sub.subscribe("/t");
  const topic t("/t");
  for (int i = 0; i < 10; ++i) CHECK(pub.publish(t, std::to_string(i)) == (i < 4 ? 1 : 0));
  for (int i = 0; i < 4; ++i) CHECK(text_of(sub.try_receive()) == std::to_string(i));
  pub.publish(t, "after");
  const auto m = sub.try_receive();
  REQUIRE(m);
  CHECK(m->text() == "after");
  CHECK(sub.lost() == 6);
}

TEST_CASE("messages released in any order give all memory back")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.queue_capacity = 8, .max_held = 8, .overflow = overflow::block});
  sub.subscribe("/t");
  const topic t("/t");
  std::vector<message> held;
  for (int i = 0; i < 5000; ++i) {
    pub.publish(t, std::to_string(i));
    auto m = sub.try_receive();
    REQUIRE(m);
    CHECK(m->text() == std::to_string(i));
    held.push_back(std::move(*m));
    if (held.size() == 8) held.erase(held.begin() + i % 8);
  }
  CHECK(sub.lost() == 0);
  CHECK(bus.info().message_bytes_used < 64 * 1024);
}

TEST_CASE("each of several publishers gets its turn, and its order is kept")
{
  sync::broker bus(own_bus());
  sync::subscriber sub(bus, {.queue_capacity = 1000});
  sub.subscribe("/t");
  std::vector<sync::publisher> pubs;
  for (int p = 0; p < 5; ++p) pubs.emplace_back(bus);
  const topic t("/t");
  for (int i = 0; i < 200; ++i)
    for (auto& p : pubs) p.publish(t, i);
  std::vector<int> next(5);
  for (int n = 0; n < 1000; ++n) {
    const auto m = sub.try_receive();
    REQUIRE(m);
    for (std::size_t p = 0; p < 5; ++p)
      if (pubs[p].id() == m->publisher()) CHECK(m->as<int>() == next[p]++);
    if (n == 200)  // nobody was left waiting for another one's whole queue
      for (const int i : next) CHECK(i > 0);
  }
}

TEST_CASE("many threads may share a publisher")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.queue_capacity = 64, .overflow = overflow::block});
  sub.subscribe("/t/#");
  constexpr int each = 2000;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&, n] {
      const topic t("/t/" + std::to_string(n));
      for (int i = 0; i < each; ++i) pub.publish(t, i);
    });
  std::vector<int> next(4);
  for (int i = 0; i < 4 * each; ++i) {
    const message m = sub.receive();
    const auto n = static_cast<std::size_t>(m.topic().back() - '0');
    CHECK(m.as<int>() == next[n]++);
    CHECK(m.sequence() == static_cast<std::uint64_t>(i));
  }
  for (auto& t : threads) t.join();
}

TEST_CASE("more than 64 subscribers share one chunk")
{
  auto config = own_bus();
  config.max_clients = 400;
  config.buffer_size = 8 << 20;
  sync::broker bus(config);
  sync::publisher pub(bus);
  std::vector<sync::subscriber> subs;
  for (int i = 0; i < 300; ++i) {
    subs.emplace_back(bus);
    subs.back().subscribe("/t");
  }
  const topic t("/t");
  for (int round = 0; round < 3; ++round) {
    CHECK(pub.publish(t, std::to_string(round)) == 300);
    for (auto& s : subs) CHECK(text_of(s.try_receive()) == std::to_string(round));
  }
  CHECK(bus.info().message_bytes_used <= 2 * 4096);
}

TEST_CASE("a message outlives its subscriber and its broker, and may be released on another thread")
{
  message kept;
  {
    sync::broker bus(own_bus());
    sync::publisher pub(bus);
    sync::subscriber sub(bus);
    sub.subscribe("/t");
    pub.publish(topic("/t"), "still here");
    kept = sub.receive();
  }
  CHECK(kept.text() == "still here");
  std::thread([m = std::move(kept)]() mutable { m.reset(); }).join();
  CHECK(list_buses().empty());
}

TEST_CASE("a publisher that is gone leaves its messages to those who have them queued")
{
  sync::broker bus(own_bus());
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  for (int round = 0; round < 100; ++round) {
    {
      sync::publisher pub(bus);
      for (int i = 0; i < 3; ++i) pub.publish(topic("/t"), std::to_string(i));
    }
    for (int i = 0; i < 3; ++i) CHECK(text_of(sub.try_receive()) == std::to_string(i));
    CHECK_FALSE(sub.try_receive());
  }
  CHECK(bus.info().clients.size() == 1);
  CHECK(bus.info().message_bytes_used == 0);
}
