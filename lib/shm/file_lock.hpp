#pragma once

#include "shm/file.hpp"

#include <cstdint>
#include <mutex>
#include <set>
#include <system_error>

namespace shmbus::shm {

/// Locks single bytes of a file with open file description locks: the kernel lets them go when the
/// process ends, however it ends, and they know nothing of threads, pids or pid namespaces.
///
/// An open file description never conflicts with itself, so the bytes held here are remembered
/// here too, and `held_by_anyone` asks as a process, with which every description conflicts.
/// Threads: all functions may be called at the same time.
class file_lock {
public:
  file_lock() noexcept = default;
  explicit file_lock(file f) noexcept;

  const file& locked_file() const noexcept { return file_; }

  /// Whether the byte could be locked exclusively, without waiting. False also if it is held here.
  bool try_lock(std::uint64_t byte);
  void unlock(std::uint64_t byte) noexcept;

  /// Whether some open description, here or in another process, holds the byte. If the kernel does
  /// not answer, yes: a wrong "no" would declare the living dead.
  bool held_by_anyone(std::uint64_t byte) const noexcept;

  /// For a byte that several share (not remembered: an upgrade or downgrade replaces the lock).
  bool try_lock_shared(std::uint64_t byte) noexcept;
  bool try_lock_exclusive(std::uint64_t byte) noexcept;
  void unlock_shared(std::uint64_t byte) noexcept;

  /// Closes the descriptor: in a child of fork, whose copy would keep the parent's locks.
  void abandon() noexcept;

private:
  file file_;
  std::mutex mutex_;
  std::set<std::uint64_t> held_;
};

}  // namespace shmbus::shm
