// Back-pressure: who waits for room, or makes it, is stopped at each step.
#include "shmbus/shmbus.hpp"
#include "torture/crash_point.hpp"
#include "torture/scene.hpp"

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdlib>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// Whether there was room in time: it may also be found at the last look.
bool send_in_time(sender& s)
{
  const std::uint64_t began = now_ns();
  return s.send(t, 50, too_long) && std::chrono::nanoseconds(now_ns() - began) < too_long;
}

// The driver's queue is full; it takes what makes room.
class waiting_scene : public scene {
public:
  waiting_scene()
      : bus_(config), sub_(std::in_place, bus_, small(overflow::block)), got_(overflow::block)
  {
    sub_->subscribe("/scene");
  }
  void begin() override { wait_for_stage(1); }
  void meanwhile() override { got_.try_often(*sub_, 1); }
  void after(bool killed) override
  {
    bus_.recover();
    got_.take_all(*sub_);
    expect_nothing(got_.wrong);
    expect(got_.count == 5 || (killed && got_.count == 4),
           std::to_string(got_.count) + " messages received");
    sub_.reset();
    expect_nothing(remains(bus_));
  }

protected:
  sync::broker bus_;
  std::optional<sync::subscriber> sub_;
  receipts got_;
};

class waits_for_room final : public waiting_scene {
public:
  int act() override
  {
    sync::broker own(config);
    sender s(own);
    while (s.send(t, 40)) {
    }
    reach_stage(1);
    become_victim(steps::writes_and_calls);
    return send_in_time(s) ? 0 : 4;
  }
};

class waits_for_room_in_a_context final : public waiting_scene {
public:
  explicit waits_for_room_in_a_context(const char* wakeup) : wakeup_(wakeup) {}
  int act() override
  {
    ::setenv("SHMBUS_WAKEUP", wakeup_, 1);
    asio::io_context io;
    broker own(io, config);
    publisher pub(own);
    std::uint64_t n = 0;
    const std::uint64_t began = now_ns();
    std::vector<std::byte> memory(sizeof(record));
    const std::span<const std::byte> bytes(memory);
    std::error_code ec;
    fill(memory, n, began);
    for (; pub.try_publish(t, bytes, ec) == 1; fill(memory, ++n, began)) {
    }
    reach_stage(1);
    become_victim(steps::writes_and_calls);
    bool sent = false;
    pub.async_publish(t, bytes, [&](std::error_code e, std::size_t reached) {
      sent = !e && reached == 1;
      io.stop();
    });
    io.run_for(too_long);
    be_victim_no_more();
    return sent ? 0 : 4;
  }

private:
  const char* wakeup_;
};

// The other one waits for room already, or comes to do so while the subscriber is stopped.
class makes_room final : public scene {
public:
  enum class way { takes, leaves };

  makes_room(way w, bool waits_already) : way_(w), waits_already_(waits_already), bus_(config) {}
  int act() override
  {
    sync::broker own(config);
    sync::subscriber sub(own, small(overflow::block));
    sub.subscribe("/scene");
    reach_stage(1);
    wait_for_stage(2);
    // Who leaves and still holds a message is not gone yet.
    const auto held = way_ == way::leaves ? sub.try_receive() : std::nullopt;
    reach_stage(3);
    wait_for_stage(5);
    become_victim(steps::writes_and_calls);
    if (way_ == way::leaves)
      sub.close();
    else
      (void)sub.try_receive();
    be_victim_no_more();
    while (!shared_arena().stop) sleep_us(50);
    return 0;
  }
  void begin() override
  {
    wait_for_stage(1);
    other_goes() = waits_already_;
    other_ = child([&] {
      sync::broker own(config);
      sender s(own);
      while (s.send(t, 40)) {
      }
      reach_stage(2);
      wait_for_stage(3);
      while (s.send(t, 40)) {
      }
      reach_stage(4);
      while (!shared_arena().stop && other_goes() == 0) sleep_us(20);
      return send_in_time(s) ? 0 : 4;
    });
    wait_for_stage(4);
    if (waits_already_) sleep_us(2000);  // until it sleeps, as far as can be told
    reach_stage(5);
  }
  void meanwhile() override
  {
    other_goes() = 1;
    sleep_us(2000);  // it comes as far as it can
  }
  void resumed(bool) override
  {
    const std::string how = other_.wait_for(10);
    expect(how.empty(), "who waited for room ended with " + how);
    shared_arena().stop = true;
  }
  void after(bool) override { expect_nothing(remains(bus_)); }

private:
  static std::atomic<std::uint64_t>& other_goes() { return shared_arena().of[0].published; }

  way way_;
  bool waits_already_;
  sync::broker bus_;
  child other_;
};

}  // namespace

std::vector<named_scene> room_scenes()
{
  std::vector<named_scene> all{
      {"waits for room", [] { return std::make_unique<waits_for_room>(); }},
  };
  for (const bool already : {true, false}) {
    const std::string when = already ? " for who waits" : " as another begins to wait";
    all.push_back({"makes room" + when,
                   [=] { return std::make_unique<makes_room>(makes_room::way::takes, already); }});
    all.push_back({"leaves a full queue" + when,
                   [=] { return std::make_unique<makes_room>(makes_room::way::leaves, already); }});
  }
  for (const char* const wakeup : {"uring", "thread"})
    all.push_back({std::string("waits for room in a context, ") + wakeup,
                   [=] { return std::make_unique<waits_for_room_in_a_context>(wakeup); }});
  return all;
}

}  // namespace torture
