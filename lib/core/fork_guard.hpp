#pragma once

#include <atomic>
#include <cstdint>

namespace shmbus::core {

/// How often this process is the child of a fork, counted from where the library was loaded.
///
/// A handle keeps the number it was made under; one with another number belongs to the parent, and
/// its memory is not mapped here.
inline std::atomic<std::uint32_t> fork_count{0};

/// Something that must let go of its descriptors in a child of fork: copies of a lock's descriptor
/// would keep the parent's locks and so hide its death.
class fork_sensitive {
public:
  fork_sensitive();
  virtual ~fork_sensitive();
  fork_sensitive(const fork_sensitive&) = delete;
  fork_sensitive& operator=(const fork_sensitive&) = delete;

  /// Called in the child, where only async-signal-safe functions may be used.
  virtual void abandon_in_child() noexcept = 0;

  bool forked() const noexcept { return fork_count.load(std::memory_order_relaxed) != made_under_; }

private:
  friend struct fork_registry;
  fork_sensitive* next_ = nullptr;
  fork_sensitive* previous_ = nullptr;
  std::uint32_t made_under_;
};

}  // namespace shmbus::core
