#pragma once

#include "shmbus/async/asio.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail {

struct wait_list;

/// One asynchronous operation, erased: what the hub keeps while it waits.
///
///   scheduled --attempt--> completed
///       ^  |
///       |  +--nothing there--> waiting (in a list of the hub)
///       +--rung, cancelled, closed--+
///
/// A message is taken only in the very step that calls the handler, so an operation that is
/// cancelled in any other state has taken nothing. The state is the hub's, under its mutex.
class operation {
public:
  enum class state : std::uint8_t { scheduled, waiting };
  enum class purpose : std::uint8_t { run, schedule, destroy };

  /// Has attempt() called on the handler's executor: at once if this thread runs it. Only from the
  /// event loop: the handler may be called in here.
  void run() { function_(this, purpose::run); }
  /// The same, but never at once: for cancel(), close() and their like.
  void schedule() { function_(this, purpose::schedule); }
  /// Ends it without calling the handler: the execution context goes away.
  void destroy() { function_(this, purpose::destroy); }

  operation* next = nullptr;
  wait_list* list = nullptr;  // that it waits in
  state where = state::scheduled;
  bool has_waited = false;  // and keeps its place before those who came later
  std::atomic<bool> cancelled{false};

protected:
  using function = void (*)(operation*, purpose);
  explicit operation(function f) noexcept : function_(f) {}
  ~operation() = default;

private:
  function function_;
};

/// First in, first out; owns nothing.
class operation_list {
public:
  bool empty() const noexcept { return first_ == nullptr; }

  void push_front(operation* o) noexcept
  {
    o->next = first_;
    first_ = o;
    if (!last_) last_ = o;
  }

  void push(operation* o) noexcept
  {
    o->next = nullptr;
    (last_ ? last_->next : first_) = o;
    last_ = o;
  }

  operation* pop() noexcept
  {
    operation* o = first_;
    if (o) remove(o);
    return o;
  }

  bool remove(operation* o) noexcept
  {
    operation* before = nullptr;
    for (operation* i = first_; i; before = i, i = i->next) {
      if (i != o) continue;
      (before ? before->next : first_) = o->next;
      if (last_ == o) last_ = before;
      o->next = nullptr;
      return true;
    }
    return false;
  }

  const operation* front() const noexcept { return first_; }

private:
  operation* first_ = nullptr;
  operation* last_ = nullptr;
};

/// The operations that wait for one thing of one client. Guarded by the hub's mutex.
///
/// Those that go one after the other take turns: who is woken has the turn until it is finished or
/// waits again, and only the first in line looks at what it waits for.
struct wait_list {
  explicit wait_list(bool takes_turns) noexcept : takes_turns(takes_turns) {}

  /// Whether somebody else comes first.
  bool busy() const noexcept { return !waiting.empty() || turn; }

  operation_list waiting;
  const bool takes_turns;
  const operation* turn = nullptr;
  bool attached = false;  // the hub's bell rings for the client
};

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail
