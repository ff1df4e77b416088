// Who opens or closes a bus is stopped at each step, while others make, use and remove it.
#include "shmbus/errc.hpp"
#include "torture/crash_point.hpp"
#include "torture/scene.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace torture {

using namespace shmbus;

namespace {

// The driver's bus, with a subscriber.
class opening_scene : public scene {
public:
  void resumed(bool) override
  {
    open();  // who removes may keep others out for a second
    expect(keeper_.has_value(), "the bus cannot be opened");
    shared_arena().stop = true;
  }

protected:
  // Not while a stopped one is removing: then it is for resumed().
  void open()
  {
    if (keeper_) return;
    std::error_code ec;
    keeper_.emplace(config, ec);
    if (ec) {
      expect(ec == errc::busy, "opening: " + ec.message());
      keeper_.reset();
      return;
    }
    sub_.emplace(*keeper_);
    sub_->subscribe("/scene");
  }
  void close()
  {
    sub_.reset();
    keeper_.reset();
  }
  void expect_received(std::uint64_t n)
  {
    std::uint64_t got = 0;
    while (sub_ && sub_->try_receive()) ++got;
    expect(got == n, std::to_string(got) + " messages received");
  }
  // The last one goes, and the next one takes away what the killed ones left.
  void expect_no_trace()
  {
    if (keeper_) {
      const std::string found = audited(*keeper_);
      expect_nothing(found);
    }
    close();
    sync::broker(config).info();
    for (const auto& e : std::filesystem::directory_iterator(std::getenv("SHMBUS_DIR")))
      expect(false, e.path().filename().string() + " remains");
  }

  std::optional<sync::broker> keeper_;
  std::optional<sync::subscriber> sub_;
};

enum class found { in_use, nothing, left_behind };

class opens final : public opening_scene {
public:
  explicit opens(found f)
  {
    if (f == found::in_use) open();
    if (f == found::left_behind) {
      child killed([&] {
        const sync::broker bus(config);
        reach_stage(1);
        return ::pause();
      });
      wait_for_stage(1);
    }
    reach_stage(0);
  }
  int act() override
  {
    become_victim(steps::writes_and_calls);
    sync::broker own(config);
    be_victim_no_more();
    while (!shared_arena().stop) sleep_us(20);
    return sync::publisher(own).try_publish(t, "x") == 1 ? 0 : 4;
  }
  // The last one goes, if the stopped one is not in yet, and another comes.
  void meanwhile() override
  {
    close();
    open();
  }
  void after(bool killed) override
  {
    expect_received(killed ? 0 : 1);
    expect_no_trace();
  }
};

class closes final : public opening_scene {
public:
  int act() override
  {
    sync::broker own(config);
    become_victim(steps::writes_and_calls);
    return 0;
  }
  void meanwhile() override { open(); }
  void after(bool) override
  {
    {
      sync::broker next(config);
      expect(sync::publisher(next).try_publish(t, "x") == 1, "two buses of one name");
    }
    expect_received(1);
    expect_no_trace();
  }
};

}  // namespace

std::vector<named_scene> opening_scenes()
{
  return {
      {"opens a bus that others leave and make anew",
       [] { return std::make_unique<opens>(found::in_use); }},
      {"makes a bus that others make too", [] { return std::make_unique<opens>(found::nothing); }},
      {"replaces a bus of the dead that others replace too",
       [] { return std::make_unique<opens>(found::left_behind); }},
      {"leaves a bus as the last one, as others come", [] { return std::make_unique<closes>(); }},
  };
}

}  // namespace torture
