#include "core/fork_guard.hpp"

#include <pthread.h>

#include <mutex>

namespace shmbus::core {

// All that must react to a fork. Never destroyed: handles may outlive static objects.
struct fork_registry {
  static fork_registry& instance()
  {
    static fork_registry* const registry = new fork_registry;
    return *registry;
  }

  fork_registry()
  {
    // The list must be whole in the child, so fork waits for those who are changing it.
    ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                     [] {
                       fork_count.fetch_add(1, std::memory_order_relaxed);
                       for (auto* f = instance().first; f; f = f->next_) f->abandon_in_child();
                       instance().mutex.unlock();
                     });
  }

  void add(fork_sensitive& f)
  {
    const std::lock_guard guard(mutex);
    f.next_ = first;
    if (first) first->previous_ = &f;
    first = &f;
  }

  void remove(fork_sensitive& f)
  {
    const std::lock_guard guard(mutex);
    (f.previous_ ? f.previous_->next_ : first) = f.next_;
    if (f.next_) f.next_->previous_ = f.previous_;
  }

  std::mutex mutex;
  fork_sensitive* first = nullptr;
};

fork_sensitive::fork_sensitive() : made_under_(fork_count.load(std::memory_order_relaxed))
{
  fork_registry::instance().add(*this);
}

fork_sensitive::~fork_sensitive() { fork_registry::instance().remove(*this); }

}  // namespace shmbus::core
