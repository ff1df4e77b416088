#pragma once

#include "shmbus/sync.hpp"
#include "torture/arena.hpp"
#include "torture/child.hpp"
#include "torture/record.hpp"
#include "torture/roles.hpp"
#include "torture/sender.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace torture {

/// What the scenes are about.
inline const shmbus::topic t{"/scene"};

/// Longer than anybody sleeps who was told, and much shorter than the patience of the driver.
constexpr std::chrono::seconds too_long{5};

/// Two who meet on a bus: one in a process of its own, who is stopped before one of its steps, and the
/// driver, who does everything that it has to do meanwhile.
class scene {
public:
  scene() : config(new_bus())
  {
    config.max_clients = 16;  // the fewer, the fewer steps that are all the same
  }
  virtual ~scene() = default;
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  /// The one who is stopped. Its steps count from become_victim() on.
  virtual int act() = 0;
  /// Beside act(), before its first step.
  virtual void begin() {}
  /// While it is stopped; or once it is through, or waits for somebody.
  virtual void meanwhile() = 0;
  /// It goes on, or was killed where it stood.
  virtual void resumed(bool /*killed*/) {}
  /// It has ended: what has to hold now.
  virtual void after(bool killed) = 0;

  const std::string& wrong() const { return wrong_; }

protected:
  void expect(bool ok, const std::string& what)
  {
    if (!ok) wrong_ += what + "\n";
  }
  void expect_nothing(const std::string& found) { wrong_ += found; }

  /// The two wait for each other: at most a few seconds, in case that one of them has ended.
  static void reach_stage(std::uint32_t n);
  static bool wait_for_stage(std::uint32_t n);

  shmbus::broker_config config;

private:
  std::string wrong_;
};

/// What a subscriber receives of records; keeps what is wrong with them.
class receipts {
public:
  explicit receipts(shmbus::overflow policy) : ledger_(now_ns(), policy != shmbus::overflow::block)
  {
  }
  template <class Subscriber>
  void enter(const shmbus::message& m, const Subscriber& sub)
  {
    ++count;
    const std::string found = ledger_.enter(m, sub.lost());
    if (!found.empty()) wrong += found + "\n";
  }
  /// Tries so many times, or as long as something comes.
  void try_often(shmbus::sync::subscriber& sub, int times);
  void take_all(shmbus::sync::subscriber& sub);

  std::uint64_t count = 0;
  std::string wrong;

private:
  ledger ledger_;
};

struct named_scene {
  std::string name;
  std::function<std::unique_ptr<scene>()> make;
};

std::vector<named_scene> opening_scenes();
std::vector<named_scene> message_scenes();
std::vector<named_scene> room_scenes();
std::vector<named_scene> death_scenes();

}  // namespace torture
