#pragma once

#include "shmbus/sync.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace torture {

/// A publisher of the records that a ledger checks.
class sender {
public:
  explicit sender(shmbus::sync::broker& bus);

  /// False if nobody got it: no room, even if it waited for some.
  bool send(const shmbus::topic& t, std::size_t size, std::chrono::nanoseconds wait = {});
  bool send_loan(const shmbus::topic& t);

  shmbus::sync::publisher pub;

private:
  std::uint64_t began_;
  std::uint64_t n_ = 0;
};

/// A subscriber whose queue is soon full.
inline shmbus::subscriber_options small(shmbus::overflow policy)
{
  return {.queue_capacity = 4, .max_held = 2, .overflow = policy};
}

}  // namespace torture
