#pragma once

#include "shm/directory_watch.hpp"
#include "shm/file.hpp"

#include <memory>
#include <system_error>
#include <thread>

namespace shmbus::core {

class bus;

/// A thread that sleeps until a file of a bus is closed, which is how a death shows, and then has
/// the dead looked for; so that threads that sleep on a bell need not wake to look themselves.
///
/// An event loop does this by itself: this is for processes without one.
class death_watch {
public:
  /// For a bus that lives longer. Null: `ec` says why not.
  static std::unique_ptr<death_watch> start(bus& b, std::error_code& ec);
  ~death_watch();
  death_watch(const death_watch&) = delete;
  death_watch& operator=(const death_watch&) = delete;

  /// In a child of fork, where there is no such thread.
  void abandon() noexcept;

private:
  enum class event { stop, alarm, nothing };

  death_watch(bus& b, shm::directory_watch w, shm::file stop)
      : bus_(b), watch_(std::move(w)), stop_(std::move(stop))
  {
  }
  void run();
  event wait(int timeout_ms) noexcept;

  bus& bus_;
  shm::directory_watch watch_;
  shm::file stop_;
  std::thread thread_;
};

}  // namespace shmbus::core
