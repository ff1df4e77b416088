// What a stopped client has not finished is pending; the same of one that goes on is a problem.
#include "core/audit.hpp"
#include "core/lane.hpp"
#include "core/lane_place.hpp"
#include "idle_process.hpp"
#include "sync/fixture.hpp"

#include <algorithm>
#include <string>

using namespace shmbus;

namespace {

bool any_ends_with(const std::vector<std::string>& texts, const std::string& end)
{
  return std::ranges::any_of(texts, [&](const std::string& t) { return t.ends_with(end); });
}

}  // namespace

TEST_CASE("audit: what a stopped client has not finished is pending")
{
  sync::broker broker(own_bus());
  sync::publisher pub(broker);
  sync::subscriber sub(broker, {.overflow = overflow::block});
  sub.subscribe("/a");
  for (int i = 0; i != 3; ++i) pub.publish(topic("/a"), "some text");
  sub.receive();
  core::bus& bus = *broker.implementation();
  REQUIRE(core::audit(bus).problems.empty());

  SUBCASE("it has taken a message, and not counted it")
  {
    const auto place = lane_place(bus, pub.id(), sub.id());
    bus.control_at<core::lane_header>(place.page)->taken.store(0, core::seq_cst);
    CHECK_FALSE(core::audit(bus).problems.empty());
    idle_process somebody;
    somebody.stop();
    bus.slot(sub.id().slot).pid.store(somebody.pid(), core::seq_cst);
    CHECK(core::audit(bus).problems.empty());
  }
  SUBCASE("it has sent a message, and not said so")
  {
    bus.pending(sub.id().slot)->store(0, core::seq_cst);
    CHECK_FALSE(core::audit(bus).problems.empty());
    idle_process somebody;
    somebody.stop();
    bus.slot(pub.id().slot).pid.store(somebody.pid(), core::seq_cst);
    const auto r = core::audit(bus);
    CHECK(r.problems.empty());
    CHECK(any_ends_with(r.pending,
                        "(publisher, pid " + std::to_string(somebody.pid()) + ") is stopped"));
  }
}
