#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

namespace shmbus::core {

class reader;

/// The subscribers of one handle on a bus, for whoever learns of a death in this process.
/// Threads: all functions may be called at the same time.
class heirs {
public:
  void add(reader& r);
  /// It is left alone from then on.
  void remove(reader& r) noexcept;
  std::size_t size() const noexcept;

  /// Whether one of them is not in the middle of a receive.
  bool any_idle() const noexcept;

  /// Those that are not receiving just now make what dead publishers left them their own.
  void inherit() noexcept;

private:
  mutable std::mutex mutex_;
  std::vector<reader*> readers_;
};

}  // namespace shmbus::core
