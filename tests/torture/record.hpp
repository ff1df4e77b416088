#pragma once

#include "shmbus/message.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace torture {

/// What every message begins with; the rest is filled with what follows from it.
struct record {
  std::uint64_t n;
  std::uint64_t began_ns;  // when its publisher began to publish
  std::uint64_t size;
  std::uint64_t sum;
};

/// Fills the message number `n` of a publisher; at least sizeof(record) bytes.
void fill(std::span<std::byte> memory, std::uint64_t n, std::uint64_t began_ns);

/// What a subscriber has received so far, publisher by publisher.
class ledger {
public:
  ledger(std::uint64_t subscribed_ns, bool loses) : subscribed_ns_(subscribed_ns), loses_(loses) {}

  /// Enters a message; what is wrong with it, empty if nothing. `lost` is what its subscriber says
  /// that it has lost so far.
  std::string enter(const shmbus::message& m, std::uint64_t lost);

  std::uint64_t gaps() const { return gaps_; }

private:
  std::uint64_t subscribed_ns_;
  bool loses_;
  std::uint64_t gaps_ = 0;
  std::map<shmbus::client_id, std::uint64_t> next_;
};

}  // namespace torture
