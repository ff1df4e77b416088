// What a publisher that is gone left unread is moved into the subscriber's own memory.
#include "core/fixture.hpp"
#include "core/reader.hpp"
#include "core/writer.hpp"
#include "shmbus/errc.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;

namespace {

struct heir : core_fixture {
  explicit heir(subscriber_options o = {}) : sub(core::reader::join(bus, o, ec))
  {
    sub->subscribe("/a", ec);
    REQUIRE_FALSE(ec);
  }
  ~heir() { sub->drop(); }

  // One that publishes what is given and leaves. Small messages, and chunks from 100 bytes on.
  core::lessee publish(const std::vector<std::string>& messages)
  {
    const auto pub = core::writer::join(bus, {}, ec);
    REQUIRE(pub);
    for (const auto& m : messages) CHECK(pub->try_publish(topic("/a"), m, ec) == 1);
    REQUIRE_FALSE(ec);
    return {pub->id().slot, pub->id().generation};
  }
  bool gone(core::lessee client) const
  {
    return bus->slot(client.slot).state.load(core::seq_cst) ==
           core::slot_word{core::slot_state::free, client.generation}.pack();
  }
  std::string take(std::uint64_t* lost = nullptr)
  {
    message m;
    ec.clear();
    if (!sub->enter(ec)) return "(cannot enter)";
    const bool any = sub->take(m.implementation(), ec);
    sub->leave();
    if (lost) *lost = m.lost_before();
    return any ? std::string(m.topic()) + " " + std::string(m.text()) : "(nothing)";
  }

  core::reader* sub;
};

std::string large(char c) { return std::string(100, c); }

}  // namespace

TEST_CASE("reader: an idle one makes its own what a publisher left, whose place is free then")
{
  heir h;
  const auto pub = h.publish({"one", large('2'), "", large('4')});
  CHECK_FALSE(h.gone(pub));
  h.bus->heirs().inherit();
  CHECK(h.gone(pub));
  CHECK(h.sub->readable());
  std::uint64_t lost = 9;
  CHECK(h.take(&lost) == "/a one");
  CHECK(h.take() == "/a " + large('2'));
  CHECK(h.take() == "/a ");
  CHECK(h.take() == "/a " + large('4'));
  CHECK(h.take() == "(nothing)");
  CHECK(lost == 0);
  CHECK(h.sub->lost() == 0);
}

TEST_CASE("reader: one that receives seldom does the same for all at each receive")
{
  heir h;
  const auto first = h.publish({"1", "2", "3"});
  const auto second = h.publish({large('4'), "5"});
  CHECK(h.take() == "/a 1");
  CHECK(h.gone(first));
  CHECK(h.gone(second));
  for (const char* left : {"2", "3"}) CHECK(h.take() == std::string("/a ") + left);
  CHECK(h.take() == "/a " + large('4'));
  CHECK(h.take() == "/a 5");
}

TEST_CASE("reader: a bus is not used up by publishers that come, publish and go")
{
  heir h({.queue_capacity = 4});
  std::uint64_t received = 0;
  for (int i = 0; i != 200; ++i) {
    h.publish({"1", large('2')});
    h.bus->heirs().inherit();
    if (i % 10 == 0 && h.take() != "(nothing)") ++received;
  }
  while (h.take() != "(nothing)") ++received;
  CHECK(received == 400);
  CHECK(h.sub->lost() == 0);
}

TEST_CASE(
    "reader: of more than a bus could hold, something is lost and counted, as its overflow says")
{
  // Two of these, and no third one, fit into the limit.
  const auto huge = [](char c) { return std::string(400'000, c); };
  const auto publish_three = [&](heir& h) {
    core::lessee last;
    for (const char c : {'1', '2', '3'}) {
      last = h.publish({huge(c)});
      h.bus->heirs().inherit();
    }
    return last;
  };
  const auto what = [](const std::string& taken) { return taken.substr(0, 4); };
  {
    heir oldest({.overflow = overflow::drop_oldest});
    CHECK(oldest.gone(publish_three(oldest)));
    std::uint64_t lost = 0;
    CHECK(what(oldest.take(&lost)) == "/a 2");
    CHECK(lost == 1);
    CHECK(what(oldest.take()) == "/a 3");
    CHECK(oldest.take() == "(nothing)");
  }
  {
    heir newest({.overflow = overflow::drop_newest});
    CHECK(newest.gone(publish_three(newest)));
    newest.publish({"4"});
    newest.bus->heirs().inherit();
    for (const char* kept : {"/a 1", "/a 2", "/a 3"}) CHECK(what(newest.take()) == kept);
    CHECK(newest.take() == "(nothing)");
    CHECK(newest.sub->lost() == 1);
  }
  {
    heir block({.overflow = overflow::block});
    CHECK(block.gone(publish_three(block)));
    const auto fourth = block.publish({"4"});
    block.bus->heirs().inherit();
    CHECK_FALSE(block.gone(fourth));  // it waits where it is
    for (const char* all : {"/a 1", "/a 2", "/a 3", "/a 4"}) CHECK(what(block.take()) == all);
    CHECK(block.take() == "(nothing)");
    CHECK(block.gone(fourth));
    CHECK(block.sub->lost() == 0);
  }
}

TEST_CASE("reader: a lane whose messages are held is closed when the last one is released")
{
  heir h;
  core::lessee pub;
  {
    message held;
    {
      const auto w = core::writer::join(h.bus, {}, h.ec);
      pub = {w->id().slot, w->id().generation};
      w->try_publish(topic("/a"), large('1'), h.ec);
      w->try_publish(topic("/a"), large('2'), h.ec);
      REQUIRE(h.sub->enter(h.ec));
      REQUIRE(h.sub->take(held.implementation(), h.ec));
      h.sub->leave();
    }
    h.bus->heirs().inherit();
    CHECK_FALSE(h.gone(pub));
    CHECK(held.text() == large('1'));
  }
  CHECK(h.gone(pub));
  CHECK(h.take() == "/a " + large('2'));
}

TEST_CASE("reader: one that is receiving just now is left alone, and does it itself")
{
  heir h;
  const auto pub = h.publish({"1"});
  REQUIRE(h.sub->enter(h.ec));
  h.bus->heirs().inherit();
  CHECK_FALSE(h.gone(pub));
  h.sub->leave();
  CHECK(h.take() == "/a 1");
  CHECK(h.gone(pub));
}

TEST_CASE("reader: receiving and inheriting on two threads lose and double nothing")
{
  heir h({.queue_capacity = 1024});
  constexpr int publishers = 300;
  std::atomic<bool> done{false};
  std::thread inheriting([&] {
    while (!done.load()) h.bus->heirs().inherit();
  });
  std::vector<std::string> got;
  for (int i = 0; i != publishers; ++i) {
    h.publish({std::to_string(i) + "a", std::to_string(i) + "b"});
    for (std::string m; (m = h.take()) != "(nothing)";) got.push_back(m);
  }
  done = true;
  inheriting.join();
  for (std::string m; (m = h.take()) != "(nothing)";) got.push_back(m);
  REQUIRE(got.size() == 2 * publishers);
  for (int i = 0; i != publishers; ++i) {
    CHECK(got[2 * i] == "/a " + std::to_string(i) + "a");
    CHECK(got[2 * i + 1] == "/a " + std::to_string(i) + "b");
  }
}

TEST_CASE("reader: what was inherited goes with it")
{
  message held;
  {
    heir h;
    h.publish({"1", large('2'), large('3')});
    h.bus->heirs().inherit();
    REQUIRE(h.sub->enter(h.ec));
    REQUIRE(h.sub->take(held.implementation(), h.ec));
    h.sub->leave();
  }
  CHECK(held.text() == "1");  // it outlives its subscriber
}
