#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace shmbus::core {

/// Looks for clients whose lock byte is free, and takes every dead one as far as it goes:
///
///   LIVE, LEAVING -> DYING     its byte is free: it is dead
///   DYING -> DEAD              after everybody was told; told again by whoever finds it here
///   DEAD -> RECLAIM            a subscriber at once; a publisher when nobody reads its lanes any more
///   RECLAIM -> FREE            its pages are free; none before, so readers see RECLAIM in time
///
/// Every step is a CAS that names the generation: any number of processes may do this at once, die
/// in it, or be stopped and go on later. Returns how many deaths were found.
std::size_t sweep(bus& b) noexcept;

/// Who looks for the dead after an alarm, which rings for everybody: one for all, as long as it holds
/// this. Who does not get it looks itself a second later, unless a sweep has ended meanwhile: the
/// one who has it may be stopped.
class sweep_turn {
public:
  sweep_turn() noexcept = default;
  explicit sweep_turn(bus& b) noexcept : bus_(b.lock().try_lock(sweep_byte) ? &b : nullptr) {}
  sweep_turn(sweep_turn&& other) noexcept : bus_(std::exchange(other.bus_, nullptr)) {}
  sweep_turn& operator=(sweep_turn&& other) noexcept
  {
    std::swap(bus_, other.bus_);
    return *this;
  }
  ~sweep_turn()
  {
    if (bus_ && !bus_->forked()) bus_->lock().unlock(sweep_byte);
  }
  explicit operator bool() const noexcept { return bus_ != nullptr; }

private:
  bus* bus_ = nullptr;
};

/// Whether somebody's sweep ended after that time.
bool swept_since(const bus& b, std::chrono::steady_clock::time_point t) noexcept;

/// What one does who was told of a death while another one has the turn: he gives that one a second,
/// counted from the first alarm that was not answered, however many follow.
class sweep_stand_in {
public:
  /// An alarm. True: look() is to be called in a second; else that is so already.
  bool alarm() noexcept;
  /// A second later: looks for the dead if nobody did. True: call it in a second again.
  bool look(bus& b) noexcept;

private:
  std::chrono::steady_clock::time_point first_;
  std::chrono::steady_clock::time_point last_;
  bool due_ = false;
};

/// For those who are not told of deaths, each look_interval(): one sweeps for all.
void sweep_in_turn(bus& b) noexcept;

/// The steps from LIVE or LEAVING on, for one client that is gone (or is just leaving).
void bury(bus& b, lessee gone) noexcept;

/// The steps from DYING on; for a publisher whose last lane may just have been closed.
void settle(bus& b, lessee gone) noexcept;

/// The first subscriber from slot `from` on that may still read a lane of this dead publisher.
std::optional<std::uint32_t> next_reader(const bus& b, lessee gone, std::uint32_t from) noexcept;

/// Frees the bells of dead processes.
void sweep_bells(bus& b) noexcept;

/// Raises a word to at least `value`.
void raise(shared_u32& word, std::uint32_t value) noexcept;

}  // namespace shmbus::core
