#pragma once

#include "core/reader.hpp"
#include "shm/file.hpp"
#include "shm/futex.hpp"
#include "shmbus/detail/port.hpp"

#include <memory>
#include <mutex>
#include <system_error>

namespace shmbus::sync {

/// A descriptor for other event loops: readable while a subscriber has a message.
///
/// It stays readable until a receive comes back empty-handed; that one then arms the bell and looks
/// again. So an event loop that waits for the level misses nothing, whatever it takes each time.
/// Threads: whoever has entered the reader.
class readiness {
public:
  static std::unique_ptr<readiness> open(core::reader& r, std::error_code& ec);

  int descriptor() const noexcept { return port_->descriptor(); }

  /// After a receive found nothing: not readable, unless there is something now.
  void found_nothing() noexcept;

  /// Blocks until there may be something; false if `until` passed.
  bool wait(const shm::deadline& until) noexcept;

private:
  readiness(core::reader& r, std::unique_ptr<detail::port> p) noexcept
      : reader_(r), port_(std::move(p))
  {
  }

  core::reader& reader_;
  std::unique_ptr<detail::port> port_;
};

/// One descriptor for all subscribers of a broker: readable while one of theirs is.
/// Threads: safe.
class readiness_group {
public:
  /// The descriptor, made when it is first asked for.
  int descriptor(std::error_code& ec);
  bool active() const noexcept;
  void add(int descriptor, std::error_code& ec);

private:
  mutable std::mutex mutex_;
  shm::file epoll_;
};

}  // namespace shmbus::sync
