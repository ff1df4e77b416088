#pragma once

#include "shmbus/detail/export.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

namespace shmbus {

namespace core {
class bus;
class reader;
class writer;
}  // namespace core

namespace detail {

/// A bell made a readable descriptor: what an event loop waits on for any number of clients.
///
///   ticket = arm(); look at what you wait for; sleep(ticket); ... descriptor readable ...; woken()
///
/// Knows no event loop. Threads: one caller at a time, except ring().
class SHMBUS_API port {
public:
  /// Leases a bell of the bus. Errors: errc::too_many_clients, forked, or the system's.
  static std::unique_ptr<port> open(const std::shared_ptr<core::bus>& b, std::error_code& ec);
  ~port();
  port(const port&) = delete;
  port& operator=(const port&) = delete;

  /// Makes the bell the one that rings for a client.
  void attach(core::reader& r) noexcept;
  void attach_entered(core::reader& r) noexcept;  ///< for who has the right to receive already
  void attach(core::writer& w) noexcept;

  /// Readable after the bell rang for the ticket that sleep() was given, or a client may have died.
  int descriptor() const noexcept;
  /// Whether deaths make it readable: else look for the dead from time to time.
  bool has_alarm() const noexcept;
  /// How often to do that.
  std::chrono::milliseconds look_interval() const noexcept;

  std::uint32_t arm() noexcept;
  void sleep(std::uint32_t ticket, std::error_code& ec) noexcept;
  /// After the descriptor became readable. Whether a client may have died.
  bool woken() noexcept;

  /// Client slots that were rung for since the last call; appended.
  void take_rung(std::vector<std::uint32_t>& clients);

  /// Finds the dead, whose neighbours are then rung; how many.
  std::size_t recover() noexcept;
  /// The same without an alarm, once a second; one does it for all.
  void recover_in_turn() noexcept;

  /// After an alarm, which rings for all: whether this one is to look for the dead, from now on and
  /// until it lets the turn go. Else somebody else does.
  bool take_turn() noexcept;
  /// Also ends the standing by: nobody here waits for a death any more.
  void let_turn_go() noexcept;
  /// Subscribers of this process that are not receiving just now make what dead publishers left them
  /// their own.
  static void inherit(core::bus& b) noexcept;

  /// After an alarm whose turn another one has. True: stand_in() is to be called in a second; else
  /// that is so already, or others do it. `waiting`: operations that wait here.
  bool stand_by(std::size_t waiting) noexcept;
  /// A second later: looks for the dead if nobody did. True: call it in a second again.
  bool stand_in() noexcept;

  /// Wakes whoever waits on the descriptor.
  void ring() noexcept;

  /// "uring" or "thread".
  const char* backend() const noexcept;

private:
  struct SHMBUS_LOCAL state;
  explicit port(std::unique_ptr<state> s) noexcept;
  std::unique_ptr<state> state_;
};

}  // namespace detail
}  // namespace shmbus
