// An audit of a sound bus finds nothing; break one thing, and it says which.
#include "core/audit.hpp"
#include "core/bells.hpp"
#include "core/chunk_pool.hpp"
#include "core/lane.hpp"
#include "core/lane_place.hpp"
#include "core/recovery.hpp"
#include "core/statistics_layout.hpp"
#include "sync/fixture.hpp"

#include <algorithm>
#include <string>

using namespace shmbus;

namespace {

struct patient {
  explicit patient(std::size_t size = 100)
  {
    sub.subscribe("/a");
    for (int i = 0; i != 3; ++i) pub.publish(topic("/a"), std::string(size, 'x'));
  }

  std::string found() const
  {
    std::string all;
    for (const auto& p : core::audit(bus()).problems) all += p + "\n";
    return all;
  }
  bool finds(const std::string& text) const
  {
    const std::string all = found();
    INFO(all);
    return all.find(text) != std::string::npos;
  }

  core::bus& bus() const { return *broker.implementation(); }
  core::client_slot& publisher() const { return bus().slot(pub.id().slot); }
  std::uint32_t lane_page() const { return lane_place(bus(), pub.id(), sub.id()).page; }
  core::lane_header& lane() const { return *bus().control_at<core::lane_header>(lane_page()); }
  core::lane_view view() const
  {
    const subscriber_options o;
    return core::lane_shape(o.queue_capacity, o.max_held, true).view(&lane());
  }

  sync::broker broker{own_bus()};
  sync::publisher pub{broker};
  sync::subscriber sub{broker};
};

// Another value in a word until the end of the scope.
template <class T>
class broken {
public:
  broken(core::shared_word<T>& w, T value) : word_(w), was_(w.exchange(value, core::seq_cst)) {}
  ~broken() { word_.store(was_, core::seq_cst); }

private:
  core::shared_word<T>& word_;
  T was_;
};

}  // namespace

TEST_CASE("audit: nothing is wrong with a bus in use")
{
  patient p;
  const auto r = core::audit(p.bus());
  CHECK(p.found() == "");
  CHECK(r.pending.empty());
  CHECK(r.publishers == 1);
  CHECK(r.subscribers == 1);
  CHECK(r.lanes == 1);
  CHECK(r.queued == 3);
  CHECK(r.pushed == 3);
  CHECK(r.received == 0);
  CHECK(r.released == 0);
  CHECK(r.data_pages > 0);
  {
    const message held = p.sub.receive();
    CHECK(core::audit(p.bus()).queued == 2);
    CHECK(p.found() == "");
  }
  CHECK(core::audit(p.bus()).received == 1);
  CHECK(core::audit(p.bus()).released == 1);
  for (int i = 0; i != 1000; ++i) p.pub.publish(topic("/a"), "more than the queue holds");
  CHECK(p.found() == "");
}

TEST_CASE("audit: slots and bells")
{
  patient p;
  {
    broken b(p.publisher().state, std::uint64_t{77});
    CHECK(p.finds("which is no state"));
  }
  {
    broken b(p.publisher().role, 9u);
    CHECK(p.finds("neither a publisher nor a subscriber"));
  }
  {
    broken b(p.bus().slot(7).state, core::slot_word{core::slot_state::live, 1}.pack());
    CHECK(p.finds("above the highest in use"));
  }
  {
    std::error_code ec;
    p.bus().header().bells_high_water.store(1, core::seq_cst);
    broken b(p.bus().bell(0).state, std::uint64_t{2});
    CHECK(p.finds("bell 0 has the word 2"));
  }
  CHECK(p.found() == "");
}

TEST_CASE("audit: a lane to one that joined after the slots were looked at")
{
  patient p;
  broken b(p.bus().header().clients_high_water, p.sub.id().slot);
  CHECK(p.finds("is above the highest in use"));
}

TEST_CASE("audit: pages")
{
  patient p;
  auto& data = p.bus().data_pages();
  std::error_code ec;
  const core::lessee nobody{5, 3};
  const auto page = data.lease(nobody, 1, ec);
  REQUIRE(page);
  CHECK(p.finds("data page " + std::to_string(*page) + " leaked"));
  data.give_back(nobody, *page, 1);

  const core::lessee too_far{5000, 3};
  const auto far = data.lease(too_far, 1, ec);
  REQUIRE(far);
  CHECK(p.finds("which there is not"));
  data.give_back(too_far, *far, 1);

  const core::lessee subscriber{p.sub.id().slot, p.sub.id().generation};
  const auto odd = data.lease(subscriber, 1, ec);
  REQUIRE(odd);
  CHECK(p.finds("who does not publish"));
  data.give_back(subscriber, *odd, 1);

  auto& control = p.bus().control_pages();
  const core::lessee publisher{p.pub.id().slot, p.pub.id().generation};
  const auto lost = control.lease(publisher, 2, ec);
  REQUIRE(lost);
  CHECK(p.finds("2 control pages of "));
  control.give_back(publisher, *lost, 2);
  CHECK(p.found() == "");

  control.give_back(publisher, p.lane_page(), 1);
  CHECK(p.finds("is not its own"));
}

TEST_CASE("audit: lanes")
{
  patient p;
  {
    broken b(p.lane().capacity, 0u);
    CHECK(p.finds("has a size that there is not"));
  }
  {
    broken b(p.lane().subscriber, std::uint64_t{1});
    CHECK(p.finds("says that it is between others"));
  }
  {
    broken b(p.lane().overflow, 2u);
    CHECK(p.finds("is not as its subscriber asked for"));
  }
  {
    broken b(p.view().word(100), core::ring_word::of(7, 0));
    CHECK(p.finds("has a hole at slot 100, lap 7"));
  }
  {
    broken b(p.view().completions[2], core::ring_word::of(1, 64));
    CHECK(p.finds("had 3 messages, of which 3 are queued and 3 released"));
  }
  {
    broken b(*p.bus().pending(p.sub.id().slot), std::uint64_t{0});
    CHECK(p.finds("was not told of"));
  }
  CHECK(p.found() == "");
}

TEST_CASE("audit: small messages, in their slots")
{
  patient p(9);
  CHECK(p.found() == "");
  {
    broken b(p.view().small(1).sizes, std::uint64_t{81} << 32 | 2);
    CHECK(p.finds("is larger than its slot"));
  }
  {
    broken b(p.lane().read, std::uint64_t{4});
    CHECK(p.finds("had 3 messages, and 4 are said to be read"));
  }
  {
    broken b(p.lane().slot_size, 16u);
    CHECK(p.finds("has a size that there is not"));
  }
  CHECK(core::audit(p.bus()).queued == 3);
  CHECK(p.sub.try_receive());
  CHECK(core::audit(p.bus()).queued == 2);
  CHECK(p.found() == "");
}

TEST_CASE("audit: counters")
{
  patient p;
  p.sub.receive();
  const auto page_of = [&](const auto& client) {
    return core::place_word::unpack(p.bus().slot(client.id().slot).statistics.load(core::acquire))
        .page;
  };
  auto& counts = *p.bus().control_at<core::subscriber_page>(page_of(p.sub));
  auto& topics = *p.bus().control_at<core::topic_page>(page_of(p.pub), core::page_size);
  {
    broken b(p.lane().taken, std::uint64_t{2});
    CHECK(p.finds("had 3 messages, of which 2 are queued, 2 received, 0 lost and 1 released"));
  }
  {
    broken b(p.lane().lost, std::uint64_t{1});
    CHECK(p.finds("1 received, 1 lost"));
  }
  {
    broken b(p.lane().taken, std::uint64_t{0});
    CHECK(p.finds("0 received, 0 lost and 1 released"));
  }
  {
    // One more may be just being counted, but not two.
    p.sub.receive();
    broken b(counts.received, std::uint64_t{0});
    CHECK(p.finds("received 0 messages, and 2 from the publishers that are there"));
  }
  {
    broken b(topics.end, std::uint64_t{core::topic_page_begin});
    CHECK(p.finds("published 0 messages, and 3 to one subscriber"));
  }
  {
    broken b(topics.end, std::uint64_t{core::page_size + 1});
    CHECK(p.finds("do not fit a page"));
  }
  {
    broken b(topics.next, core::place_word{1, p.pub.id().generation}.pack());
    CHECK(p.finds("have no end, or lie outside of the pages"));
  }
  {
    broken b(p.publisher().statistics, std::uint64_t{1});
    CHECK(p.finds("are another one's"));
  }
  CHECK(p.found() == "");
}

TEST_CASE("audit: a message that is missing from a lane that loses nothing is found")
{
  patient p;
  sync::subscriber strict(p.broker, {.overflow = overflow::block});
  strict.subscribe("/b");
  for (int i = 0; i != 3; ++i) p.pub.publish(topic("/b"), "some text");
  strict.receive();
  CHECK(p.found() == "");
  const auto place = lane_place(p.bus(), p.pub.id(), strict.id());
  broken b(p.bus().control_at<core::lane_header>(place.page)->taken, std::uint64_t{0});
  CHECK(p.finds("had 3 messages, of which 2 are queued, 0 received, 0 lost and 0 released"));
}

TEST_CASE("audit: messages")
{
  patient p;
  auto& slot = p.view().word(1);
  const std::uint64_t first = p.view().word(0).load(core::relaxed);
  {
    broken b(slot, first);
    CHECK(p.finds("two messages in the same place"));
  }
  {
    broken b(slot, core::ring_word::of(1, 3));
    CHECK(p.finds("lies outside of the pages"));
  }
  {
    broken b(slot, core::ring_word::of(1, 200 * core::units_per_page));
    CHECK(p.finds("which is not its publisher's"));
  }
  std::error_code ec;
  auto& head = *reinterpret_cast<core::chunk_header*>(p.bus().writable_data(ec) +
                                                      core::ring_word::chunk(first) * 64);
  {
    broken b(head.payload_size, ~std::uint64_t{0});
    CHECK(p.finds("is larger than there is room"));
  }
  CHECK(p.found() == "");
}

TEST_CASE("audit: what the dead left is pending, and the orphan's reader is named")
{
  patient p;
  const auto id = p.pub.id();
  p.pub.close();
  const auto r = core::audit(p.bus());
  CHECK(p.found() == "");
  CHECK(r.orphans == 1);
  REQUIRE(r.pending.size() == 1);
  CHECK(r.pending[0].find("slot " + std::to_string(p.sub.id().slot) + " (subscriber") !=
        std::string::npos);
  const auto info = p.broker.info();
  const auto orphan = std::ranges::find(info.clients, id, &client_info::id);
  REQUIRE(orphan != info.clients.end());
  CHECK(orphan->unread_by == std::vector<client_id>{p.sub.id()});
}
