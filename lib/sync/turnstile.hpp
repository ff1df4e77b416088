#pragma once

#include "shm/futex.hpp"

#include <condition_variable>
#include <mutex>

namespace shmbus::sync {

/// Lets one thread pass at a time; the others wait up to their deadline.
///
/// What std::timed_mutex is for, in functions that the thread sanitizer knows: it does not see the
/// lock that pthread_mutex_clocklock takes.
class turnstile {
public:
  /// Holds the turnstile until destroyed; false if the deadline came first.
  class turn {
  public:
    turn(turnstile& t, const shm::deadline& until) : turnstile_(t), mine_(t.enter(until)) {}
    ~turn()
    {
      if (mine_) turnstile_.leave();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    explicit operator bool() const noexcept { return mine_; }

  private:
    turnstile& turnstile_;
    bool mine_;
  };

private:
  bool enter(const shm::deadline& until)
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [this] { return !taken_; };
    if (!until)
      left_.wait(lock, is_free);
    else if (!left_.wait_until(lock, *until, is_free))
      return false;
    return taken_ = true;
  }

  void leave()
  {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    left_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable left_;
  bool taken_ = false;
};

}  // namespace shmbus::sync
