// Who publishes or receives is stopped at each step, while the other one does its part.
#include "shmbus/shmbus.hpp"
#include "torture/crash_point.hpp"
#include "torture/scene.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// Looks often enough to lose patience with its bits.
constexpr int many_looks = 600;

bool is_too_late(std::uint64_t began_ns)
{
  return std::chrono::nanoseconds(now_ns() - began_ns) >= too_long;
}

int verdict(const receipts& r, bool complete)
{
  if (!r.wrong.empty()) std::fprintf(stderr, "%s", r.wrong.c_str());
  if (!complete) std::fprintf(stderr, "it slept beside a message\n");
  return r.wrong.empty() && complete ? 0 : 4;
}

// The driver publishes.
class reader_scene : public scene {
public:
  reader_scene(overflow policy, std::uint64_t messages)
      : policy_(policy), messages_(messages), bus_(config), sender_(bus_)
  {
  }
  void begin() override
  {
    wait_for_stage(1);
    expect(sender_.send(t, 40), "the first message cannot be published");
    reach_stage(2);
  }
  void meanwhile() override
  {
    // Each of another size: whoever reads a chunk that is not its own any more notices.
    for (std::uint64_t i = 0; i != messages_; ++i)
      expect(sender_.send(t, 100 + i), "a message cannot be published");
  }
  void after(bool) override
  {
    bus_.recover();
    expect(sender_.send(t, 40), "nobody can publish any more");
    expect(sender_.pub.subscribers(t) == 0, "the subscriber remains");
    sender_.pub.close();
    expect_nothing(remains(bus_));
  }

protected:
  overflow policy_;
  std::uint64_t messages_;

private:
  sync::broker bus_;
  sender sender_;
};

class receives final : public reader_scene {
public:
  using reader_scene::reader_scene;
  int act() override
  {
    sync::broker own(config);
    sync::subscriber sub(own, small(policy_));
    sub.subscribe("/scene");
    receipts got(policy_);
    reach_stage(1);
    wait_for_stage(2);
    become_victim(steps::writes_and_calls);
    got.try_often(sub, many_looks);
    const auto complete = [&] { return got.count + sub.lost() >= 1 + messages_; };
    bool in_time = true;
    while (in_time && !complete()) {
      const std::uint64_t began = now_ns();
      const auto m = sub.receive_for(too_long);
      in_time = m && !is_too_late(began);  // it may be found at the last look
      if (m) got.enter(*m, sub);
    }
    be_victim_no_more();
    return verdict(got, in_time);
  }
};

class receives_in_a_context final : public reader_scene {
public:
  receives_in_a_context(const char* wakeup, std::uint64_t messages)
      : reader_scene(overflow::drop_oldest, messages), wakeup_(wakeup)
  {
  }
  int act() override
  {
    ::setenv("SHMBUS_WAKEUP", wakeup_, 1);
    asio::io_context io;
    broker own(io, config);
    subscriber sub(own, small(policy_));
    sub.subscribe("/scene");
    receipts got(policy_);
    const auto complete = [&] { return got.count + sub.lost() >= 1 + messages_; };
    std::function<void(std::error_code, const message&)> next = [&](auto ec, const message& m) {
      if (!ec) got.enter(m, sub);
      if (ec || complete())
        io.stop();
      else
        sub.async_receive(next);
    };
    reach_stage(1);
    wait_for_stage(2);
    become_victim(steps::writes_and_calls);
    sub.async_receive(next);
    io.run_for(too_long);
    be_victim_no_more();
    return verdict(got, complete());
  }

private:
  const char* wakeup_;
};

// The driver receives.
class publishes final : public scene {
public:
  publishes(overflow policy, bool lane_is_known)
      : lane_is_known_(lane_is_known), bus_(config), sub_(bus_, small(policy)), got_(policy)
  {
    sub_.subscribe("/scene");
  }
  int act() override
  {
    sync::broker own(config);
    sender s(own);
    auto& sent = shared_arena().of[0].published;
    if (lane_is_known_) sent += s.send(t, 40);
    reach_stage(1);
    wait_for_stage(2);
    become_victim(steps::writes_and_calls);
    sent += s.send(t, 50);
    sent += s.send_loan(t);
    return sent == (lane_is_known_ ? 3u : 2u) ? 0 : 4;
  }
  void begin() override
  {
    wait_for_stage(1);
    got_.take_all(sub_);
    reach_stage(2);
  }
  void meanwhile() override { got_.try_often(sub_, many_looks); }
  void after(bool killed) override
  {
    bus_.recover();
    got_.take_all(sub_);
    expect_nothing(got_.wrong);
    const std::uint64_t sent = shared_arena().of[0].published;
    expect(got_.count >= sent && got_.count <= sent + killed,
           std::to_string(sent) + " published, " + std::to_string(got_.count) + " received");
    sub_.close();
    expect_nothing(remains(bus_));
  }

private:
  bool lane_is_known_;
  sync::broker bus_;
  sync::subscriber sub_;
  receipts got_;
};

// A third one sleeps, is woken, and sleeps again while who rings for it is stopped.
class wakes final : public scene {
public:
  wakes() : bus_(config), sender_(bus_) {}
  int act() override
  {
    sync::broker own(config);
    sender s(own);
    wait_for_stage(1);
    s.send(t, 40);
    wait_for_stage(2);
    become_victim(steps::writes_and_calls);
    return s.send(t, 50) ? 0 : 4;
  }
  void begin() override
  {
    sleeper_ = child([&] {
      sync::broker own(config);
      sync::subscriber sub(own, small(overflow::drop_oldest));
      sub.subscribe("/scene");
      receipts got(overflow::drop_oldest);
      reach_stage(1);
      while (true) {
        const std::uint64_t began = now_ns();
        const auto m = sub.receive_for(too_long);
        if (!m || is_too_late(began)) return verdict(got, false);
        got.enter(*m, sub);
        if (m->payload().size() == 77) return verdict(got, true);
      }
    });
    wait_for_stage(1);
    sleep_us(2000);  // until it sleeps, as far as can be told
    reach_stage(2);
  }
  void meanwhile() override
  {
    sleep_us(1000);
    expect(sender_.send(t, 40), "a message cannot be published");
    sleep_us(1000);
  }
  void after(bool) override
  {
    sleep_us(1000);
    expect(sender_.send(t, 77), "a message cannot be published");
    const std::string how = sleeper_.wait_for(20);
    expect(how.empty(), "the sleeper ended with " + how);
    sender_.pub.close();
    expect_nothing(remains(bus_));
  }

private:
  sync::broker bus_;
  sender sender_;
  child sleeper_;
};

// Who subscribes is stopped, while others publish on the same topics.
class subscribes final : public scene {
public:
  subscribes() : bus_(config), sender_(bus_) {}
  int act() override
  {
    sync::broker own(config);
    become_victim(steps::writes_and_calls);
    sync::subscriber sub(own);
    // More than a page of them.
    for (int i = 0; i != 18; ++i) sub.subscribe("/other/" + std::to_string(i));
    for (int i = 0; i != 18; ++i) sub.unsubscribe("/other/" + std::to_string(i));
    sub.subscribe("/scene");
    be_victim_no_more();
    const std::uint64_t lost = sub.lost();
    while (sub.try_receive()) {
    }
    reach_stage(2);
    wait_for_stage(3);
    receipts got(overflow::drop_oldest);
    while (const auto m = sub.receive_for(too_long))
      if (m->payload().size() == 77) return sub.lost() == lost ? 0 : 4;
    return verdict(got, false);
  }
  void meanwhile() override
  {
    sender_.send(t, 40);
    sender_.send(topic("/other/3"), 40);
    sender_.send(topic("/other/17"), 40);
  }
  void resumed(bool killed) override
  {
    if (killed || !wait_for_stage(2)) return;
    expect(sender_.send(t, 77), "a message cannot be published");
    reach_stage(3);
  }
  void after(bool) override
  {
    bus_.recover();
    expect(sender_.pub.subscribers(t) == 0, "the subscriber remains");
    sender_.pub.close();
    expect_nothing(remains(bus_));
  }

private:
  sync::broker bus_;
  sender sender_;
};

}  // namespace

std::vector<named_scene> message_scenes()
{
  std::vector<named_scene> all;
  for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block}) {
    const std::string name = name_of(policy);
    all.push_back({"receives, " + name, [=] { return std::make_unique<receives>(policy, 1); }});
    if (policy != overflow::block)
      all.push_back({"receives what is overtaken, " + name,
                     [=] { return std::make_unique<receives>(policy, 13); }});
    for (const bool known : {true, false})
      all.push_back({std::string("publishes") + (known ? ", " : " for the first time, ") + name,
                     [=] { return std::make_unique<publishes>(policy, known); }});
  }
  for (const char* const wakeup : {"uring", "thread"})
    all.push_back({std::string("receives in a context, ") + wakeup,
                   [=] { return std::make_unique<receives_in_a_context>(wakeup, 1); }});
  all.push_back({"wakes who sleeps", [] { return std::make_unique<wakes>(); }});
  all.push_back({"subscribes", [] { return std::make_unique<subscribes>(); }});
  return all;
}

}  // namespace torture
