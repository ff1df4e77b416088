#pragma once

#include "shm/directory_watch.hpp"
#include "shm/file.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>

namespace shmbus::core {

/// A thread that sleeps until a file of a bus is closed, which is how a death shows, and then has
/// the dead looked for; so that threads that sleep on a bell need not wake to look themselves.
///
/// An event loop does this by itself: this is for processes without one.
class death_watch {
public:
  /// `look` returns how many it found. Null: `ec` says why not.
  static std::unique_ptr<death_watch> start(const std::filesystem::path& directory,
                                            std::function<std::size_t()> look, std::error_code& ec);
  ~death_watch();
  death_watch(const death_watch&) = delete;
  death_watch& operator=(const death_watch&) = delete;

  /// In a child of fork, where there is no such thread.
  void abandon() noexcept;

private:
  death_watch(shm::directory_watch w, shm::file stop, std::function<std::size_t()> look)
      : watch_(std::move(w)), stop_(std::move(stop)), look_(std::move(look))
  {
  }
  void run();
  bool wait(int timeout_ms) noexcept;

  shm::directory_watch watch_;
  shm::file stop_;
  std::function<std::size_t()> look_;
  std::thread thread_;
};

}  // namespace shmbus::core
