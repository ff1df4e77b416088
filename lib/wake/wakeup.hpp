#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

namespace shmbus::wake {

/// Makes a change of a futex word a readable descriptor; and a second descriptor, the alarm, with it,
/// so that an event loop has one thing to wait for.
///
/// Threads: one caller at a time.
class wakeup {
public:
  virtual ~wakeup() = default;

  /// Readable once the word that watch() named was found changed, or the alarm is readable; until
  /// drain().
  virtual int descriptor() const noexcept = 0;

  /// Watches the word until it is not `expected` any more. Watching what is watched already does
  /// nothing.
  virtual void watch(std::uint32_t expected, std::error_code& ec) noexcept = 0;

  /// Makes the descriptor not readable; whether the alarm was (whose events are left in place).
  virtual bool drain() noexcept = 0;

  /// In a child of fork: lets go of the descriptors without touching memory or threads that only
  /// the parent has.
  virtual void abandon() noexcept = 0;

  virtual const char* name() const noexcept = 0;
};

/// What a wakeup watches: the word, and a descriptor (-1: none).
struct watched {
  const std::uint32_t* word;
  int alarm;
};

/// io_uring's futex wait (Linux 6.7): no thread. Null: `why` says why not.
std::unique_ptr<wakeup> make_uring_wakeup(watched w, std::string& why);

/// A thread that sleeps on the word and writes to an eventfd: works everywhere.
std::unique_ptr<wakeup> make_thread_wakeup(watched w, std::error_code& ec);

/// The first of these that works, or the one that $SHMBUS_WAKEUP (`uring`, `thread`) asks for.
std::unique_ptr<wakeup> make_wakeup(watched w, std::error_code& ec);

}  // namespace shmbus::wake
