#pragma once

#include "core/bus.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shmbus::core {

/// What an audit found.
struct audit_report {
  std::uint32_t publishers = 0;
  std::uint32_t subscribers = 0;
  std::uint32_t orphans =
      0;  ///< publishers that are gone, with messages that somebody has yet to read
  std::uint32_t lanes = 0;
  std::uint64_t queued = 0;    ///< messages that wait in lanes
  std::uint64_t pushed = 0;    ///< messages that were ever put into these lanes
  std::uint64_t received = 0;  ///< of which their subscribers took so many
  std::uint64_t released = 0;  ///< of which their subscribers are done with
  std::uint64_t lost = 0;      ///< as far as their subscribers have noticed
  std::uint64_t dropped = 0;   ///< lost without a place in a lane
  std::uint32_t control_pages = 0;
  std::uint32_t data_pages = 0;

  std::vector<std::string> problems;  ///< what no correct client leaves behind, in words
  std::vector<std::string> pending;   ///< what a sweep, or a slow or stopped client, has yet to do
};

/// Works out from the shared words alone whether the bus is as it has to be:
///
///   slots     a state that there is; its lock byte held while a client is live
///   pages     each one free, or of a client that has its slot still; each page of `control` reached
///             from its client's slot, once; pages of `data` only of publishers
///   lanes     for the clients they say; their positions without a hole; no message released that was
///             not taken
///   messages  each within pages of its publisher, no two of a lane in one place; the subscriber's
///             bit is set while it has one
///   counters  no more received than sent, in each lane and in all; nothing lost in lanes that lose
///             nothing
///   bells     a state that there is; its lock byte held while it is leased
///
/// Reads only, takes no slot and no lock, on a bus that is in use: what only one of several looks
/// shows was work under way, and what a stopped client (as far as /proc tells) may leave is pending.
audit_report audit(bus& b);

}  // namespace shmbus::core
