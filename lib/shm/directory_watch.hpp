#pragma once

#include "shm/file.hpp"

#include <system_error>

namespace shmbus::shm {

/// Tells when a file, or one in a directory, was closed: what the kernel does for a process that dies.
///
/// The descriptor is readable after such an event until `drain()`.
class directory_watch {
public:
  directory_watch() noexcept = default;
  directory_watch(const char* path, std::error_code& ec) noexcept;

  int descriptor() const noexcept { return inotify_.descriptor(); }
  explicit operator bool() const noexcept { return static_cast<bool>(inotify_); }

  /// Takes all events; whether there was one.
  bool drain() noexcept;

private:
  file inotify_;
};

}  // namespace shmbus::shm
