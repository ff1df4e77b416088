// Who joins, or takes back what the dead had, is stopped at each step, while others come, die and take
// back too.
#include "torture/crash_point.hpp"
#include "torture/scene.hpp"

#include <unistd.h>

namespace torture {

using namespace shmbus;

namespace {

const topic elsewhere{"/elsewhere"};
const topic later{"/later"};

// A client that dies as soon as it says that it is done.
template <class Use>
void live_and_die(
    const broker_config& config, Use use, const std::function<void()>& beside = [] {})
{
  auto& done = shared_arena().of[1].published;
  done = 0;
  child c([&] {
    sync::broker own(config);
    use(own, [&] {
      done = 1;
      ::pause();
    });
    return 0;
  });
  beside();
  std::string how;
  while (done == 0 && !c.ended(how)) sleep_us(20);
}

// A place is free, its lock is not taken yet: others may take both, publish, and die.
class joins final : public scene {
public:
  joins() : bus_(config), sub_(bus_, small(overflow::drop_oldest)), got_(overflow::drop_oldest)
  {
    sub_.subscribe("/scene");
  }
  int act() override
  {
    sync::broker own(config);
    become_victim(steps::writes_and_calls);
    sender s(own);
    sync::subscriber sub(own);
    sub.subscribe("/later");
    be_victim_no_more();
    return s.send(t, 60) && s.send(later, 60) && sub.try_receive() ? 0 : 4;
  }
  void meanwhile() override
  {
    live_and_die(config, [](sync::broker& own, auto done) {
      sender s(own);
      if (s.send(t, 50)) done();
    });
  }
  void after(bool killed) override
  {
    bus_.recover();
    got_.take_all(sub_);
    expect_nothing(got_.wrong);
    expect(got_.count == (killed ? 1u : 2u), std::to_string(got_.count) + " messages received");
    sub_.close();
    expect_nothing(remains(bus_));
  }

private:
  sync::broker bus_;
  sync::subscriber sub_;
  receipts got_;
};

// A publisher that has two unread messages is dead, and so is a subscriber.
class takes_back final : public scene {
public:
  takes_back()
      : bus_(config),
        sub_(bus_, small(overflow::drop_oldest)),
        sender_(bus_),
        got_(overflow::drop_oldest)
  {
    sub_.subscribe("/scene");
    live_and_die(config, [](sync::broker& own, auto done) {
      sender s(own);
      if (s.send(t, 50) && s.send(t, 60)) done();
    });
    const auto subscribe = [](sync::broker& own, auto done) {
      sync::subscriber s(own);
      s.subscribe("/elsewhere");
      reach_stage(1);
      wait_for_stage(2);
      done();
    };
    live_and_die(config, subscribe, [this] {
      wait_for_stage(1);
      expect(sender_.send(elsewhere, 50), "the one that will be dead cannot be reached");
      reach_stage(2);
    });
  }
  int act() override
  {
    sync::broker own(config);
    become_victim(steps::writes_and_calls);
    own.recover();
    be_victim_no_more();
    return 0;
  }
  // All that can be done is done, and others have their places.
  void meanwhile() override
  {
    bus_.recover();
    got_.take_all(sub_);
    bus_.recover();
    new_sub_.emplace(bus_, small(overflow::block));
    new_sub_->subscribe("/later");
    new_sender_.emplace(bus_);
    expect(new_sender_->send(later, 70), "the next one cannot publish");
  }
  void after(bool) override
  {
    bus_.recover();
    got_.take_all(sub_);
    expect_nothing(got_.wrong);
    expect(got_.count == 2, std::to_string(got_.count) + " messages of the dead received");
    expect(new_sender_->send(later, 80), "the next one cannot publish any more");
    receipts next(overflow::block);
    next.take_all(*new_sub_);
    expect_nothing(next.wrong);
    expect(next.count == 2, std::to_string(next.count) + " messages of the next one received");
    expect(sender_.pub.subscribers(elsewhere) == 0, "a publisher knows of a dead subscriber");
    expect(bus_.info().clients.size() == 4, "not all of those are there who live, or more");
    expect_nothing(audited(bus_));
    sub_.close();
    sender_.pub.close();
    new_sub_.reset();
    new_sender_.reset();
    expect_nothing(remains(bus_));
  }

private:
  sync::broker bus_;
  sync::subscriber sub_;
  sender sender_;
  receipts got_;
  std::optional<sync::subscriber> new_sub_;
  std::optional<sender> new_sender_;
};

}  // namespace

std::vector<named_scene> death_scenes()
{
  return {
      {"joins while another comes and dies", [] { return std::make_unique<joins>(); }},
      {"takes back what others take back too", [] { return std::make_unique<takes_back>(); }},
  };
}

}  // namespace torture
