// What a stopped client has not finished is pending; the same of one that goes on is a problem.
#include "core/audit.hpp"
#include "core/lane.hpp"
#include "sync/fixture.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

using namespace shmbus;

namespace {

class stopped_process {
public:
  stopped_process() : pid_(::fork())
  {
    if (pid_ == 0) {
      while (true) ::pause();
    }
    int status = 0;
    REQUIRE(::kill(pid_, SIGSTOP) == 0);
    REQUIRE(::waitpid(pid_, &status, WUNTRACED) == pid_);
  }
  ~stopped_process()
  {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  stopped_process(const stopped_process&) = delete;
  stopped_process& operator=(const stopped_process&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

private:
  ::pid_t pid_;
};

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
  auto& publisher = bus.slot(pub.id().slot);
  auto& subscriber = bus.slot(sub.id().slot);
  REQUIRE(core::audit(bus).problems.empty());

  SUBCASE("it has taken a message, and not counted it")
  {
    const auto root = core::place_word::unpack(publisher.root.load(core::acquire));
    const auto* directory = bus.control_at<core::shared_u64>(root.page);
    const auto place = core::place_word::unpack(directory[sub.id().slot].load(core::acquire));
    bus.control_at<core::lane_header>(place.page)->taken.store(0, core::seq_cst);
    CHECK_FALSE(core::audit(bus).problems.empty());
    const stopped_process somebody;
    subscriber.pid.store(somebody.pid(), core::seq_cst);
    CHECK(core::audit(bus).problems.empty());
  }
  SUBCASE("it has sent a message, and not said so")
  {
    bus.pending(sub.id().slot)->store(0, core::seq_cst);
    CHECK_FALSE(core::audit(bus).problems.empty());
    const stopped_process somebody;
    publisher.pid.store(somebody.pid(), core::seq_cst);
    const auto r = core::audit(bus);
    CHECK(r.problems.empty());
    CHECK(any_ends_with(r.pending,
                        "(publisher, pid " + std::to_string(somebody.pid()) + ") is stopped"));
  }
}
