#pragma once

#include "shmbus/sync.hpp"
#include "test.hpp"

#include <poll.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <string>

/// A bus that no other test has.
inline shmbus::broker_config own_bus()
{
  static std::atomic<int> count{0};
  return {.name = "sync-" + std::to_string(count++), .buffer_size = 1 << 20, .max_clients = 32};
}

inline std::string text_of(const std::optional<shmbus::message>& m)
{
  return m ? std::string(m->text()) : "(nothing)";
}

inline bool readable(int descriptor, int timeout_ms = 0)
{
  ::pollfd p{descriptor, POLLIN, 0};
  return ::poll(&p, 1, timeout_ms) == 1;
}

/// Under a watchdog, not a deadline: a bell takes its time.
inline bool becomes_readable(int descriptor) { return readable(descriptor, 30'000); }
