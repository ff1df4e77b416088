// Blocking calls: who waits for whom, and what ends the wait.
#include "sync/fixture.hpp"

#include <thread>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;

TEST_CASE("receive() blocks until there is a message")
{
  sync::broker bus(own_bus());
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  std::thread t([&] {
    sync::publisher pub(bus);
    for (int i = 0; i < 2000; ++i) pub.publish(topic("/t"), std::to_string(i));
    pub.publish(topic("/t"), "end");
  });
  std::uint64_t seen = 0;
  while (true) {
    const message m = sub.receive();
    seen += 1 + m.lost_before();
    if (m.text() == "end") break;
  }
  t.join();
  CHECK(seen == 2001);
}

TEST_CASE("receive_for() comes back with nothing when its time is over")
{
  sync::broker bus(own_bus());
  sync::subscriber sub(bus);
  CHECK_FALSE(sub.receive_for(1ms));
  CHECK_FALSE(sub.receive_until(std::chrono::steady_clock::now()));
}

TEST_CASE("receive_batch() waits for one and takes what else is there")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  for (int i = 0; i < 5; ++i) pub.publish(topic("/t"), std::to_string(i));
  std::vector<message> batch(3);
  CHECK(sub.receive_batch(batch) == 3);
  CHECK(batch[2].text() == "2");
  CHECK(sub.receive_batch(batch) == 2);
  CHECK(batch[1].text() == "4");
}

TEST_CASE("with a full queue and overflow::block nobody gets a message that is refused")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber slow(bus, {.queue_capacity = 2, .overflow = overflow::block});
  sync::subscriber other(bus);
  slow.subscribe("/t");
  other.subscribe("/t");
  const topic t("/t");
  CHECK(pub.try_publish(t, "1") == 2);
  CHECK(pub.try_publish(t, "2") == 2);
  std::error_code ec;
  CHECK(pub.try_publish(t, "3", ec) == 0);
  CHECK(ec == errc::queue_full);
  pub.publish_for(t, "3", 1ms, ec);
  CHECK(ec == errc::timed_out);
  CHECK(text_of(other.try_receive()) == "1");
  CHECK(text_of(other.try_receive()) == "2");
  CHECK_FALSE(other.try_receive());
  // Taking makes room, also while the message is held.
  const auto held = slow.try_receive();
  CHECK(pub.try_publish(t, "3", ec) == 2);
  CHECK_FALSE(ec);
}

TEST_CASE("a publisher that waits goes on when a message is taken")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.queue_capacity = 1, .max_held = 1, .overflow = overflow::block});
  sub.subscribe("/t");
  constexpr int count = 3000;
  std::thread t([&] {
    for (int i = 0; i < count; ++i) pub.publish(topic("/t"), i);
  });
  for (int i = 0; i < count; ++i) CHECK(sub.receive().as<int>() == i);
  t.join();
  CHECK(sub.lost() == 0);
}

TEST_CASE("a publisher that waits goes on when the subscriber leaves")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  auto sub = std::make_unique<sync::subscriber>(
      bus, subscriber_options{.queue_capacity = 1, .overflow = overflow::block});
  sub->subscribe("/t");
  pub.publish(topic("/t"), "fills the queue");
  std::size_t reached = 1;
  std::thread t([&] { reached = pub.publish(topic("/t"), "waits"); });
  sub.reset();
  t.join();
  CHECK(reached == 0);
}

TEST_CASE("close() wakes who waits, with errc::closed")
{
  sync::broker bus(own_bus());
  sync::subscriber sub(bus);
  std::error_code ec;
  std::thread t([&] { sub.receive(ec); });
  sub.close();
  t.join();
  CHECK(ec == errc::closed);
  CHECK_FALSE(sub.try_receive(ec));
  CHECK(ec == errc::closed);
  sub.subscribe("/t", ec);
  CHECK(ec == errc::closed);

  sync::subscriber full(bus, {.queue_capacity = 1, .overflow = overflow::block});
  full.subscribe("/t");
  sync::publisher pub(bus);
  pub.publish(topic("/t"), "fills the queue");
  std::thread p([&] { pub.publish(topic("/t"), "waits", ec); });
  pub.close();
  p.join();
  CHECK(ec == errc::closed);
}

TEST_CASE("wait_for_subscribers() ends when enough have come")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  CHECK_FALSE(pub.wait_for_subscribers(topic("/t"), 1, 1ms));
  sync::subscriber sub(bus);
  std::thread t([&] { sub.subscribe("/#"); });
  CHECK(pub.wait_for_subscribers(topic("/t"), 1));
  t.join();
  CHECK(pub.subscribers(topic("/t")) == 1);
  std::error_code ec;
  CHECK(pub.wait_for_subscribers(topic("/t"), 1, 0ns, ec));
  CHECK(pub.subscribers(topic("/t"), ec) == 1);
  CHECK_FALSE(ec);
}

TEST_CASE("a publisher that was closed counts and waits for no subscribers")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  pub.close();
  std::error_code ec;
  CHECK(pub.subscribers(topic("/t"), ec) == 0);
  CHECK(ec == errc::closed);
  CHECK_FALSE(pub.wait_for_subscribers(topic("/t"), 1, 1s, ec));
  CHECK(ec == errc::closed);
  CHECK_THROWS_AS(pub.wait_for_subscribers(topic("/t"), 1), error);
}

TEST_CASE("the descriptor is readable as long as there are messages")
{
  sync::broker bus(own_bus());
  const int all = bus.native_handle();
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  const int one = sub.native_handle();
  CHECK_FALSE(readable(one));
  CHECK_FALSE(readable(all));
  for (int round = 0; round < 50; ++round) {
    pub.publish(topic("/t"), "1");
    pub.publish(topic("/t"), "2");
    CHECK(becomes_readable(one));
    CHECK(becomes_readable(all));
    CHECK(text_of(sub.try_receive()) == "1");
    CHECK(readable(one));
    CHECK(text_of(sub.try_receive()) == "2");
    CHECK_FALSE(sub.try_receive());
    CHECK_FALSE(readable(one));
    CHECK_FALSE(readable(all));
  }
}
