#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/operation.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/detail/port.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail {

class hub;

/// What a broker's close() closes: the state of its publishers and subscribers.
class closable {
public:
  virtual void close() = 0;

protected:
  ~closable() = default;
};

/// The hubs of an execution context. Kept by each of them, since handlers that run elsewhere may
/// drop a hub while, or after, the context is destroyed.
class hub_registry {
public:
  void add(hub* h)
  {
    const std::lock_guard guard(mutex_);
    hubs_.push_back(h);
  }

  /// No hub is destroyed while its context's services shut down: a hub's destructor comes here
  /// first, with what it has to give back to them.
  template <class Function>
  void remove(hub* h, Function give_back)
  {
    const std::lock_guard guard(mutex_);
    std::erase(hubs_, h);
    give_back();
  }

  void shut_down();
  void let_go_in_child();

private:
  std::mutex mutex_;
  std::vector<hub*> hubs_;
};

/// Ends what waits in an execution context when the context goes away, or when this process is the
/// child of a fork.
class hub_service final : public asio::execution_context::service {
public:
  static inline asio::execution_context::id id;

  explicit hub_service(asio::execution_context& context) : asio::execution_context::service(context)
  {
  }

  const std::shared_ptr<hub_registry>& hubs() const noexcept { return hubs_; }
  void shutdown() override { hubs_->shut_down(); }
  void notify_fork(asio::execution_context::fork_event event) override
  {
    if (event == asio::execution_context::fork_child) hubs_->let_go_in_child();
  }

private:
  const std::shared_ptr<hub_registry> hubs_ = std::make_shared<hub_registry>();
};

/// All that waits for one bus in one execution context: one bell, one descriptor, any number of
/// operations.
///
/// An operation waits in the list of its client. When the bell rings, the first of each client that
/// was rung for is sent to its executor to try again; the others follow one by one. The descriptor
/// is awaited only while something waits, so that `run()` returns when nothing does.
/// Threads: all functions may be called at the same time.
class hub : public std::enable_shared_from_this<hub> {
public:
  /// A client's operations wait in the list of its slot number; those that wait for subscribers to
  /// come in one beside it, and those that wait for the broker to be closed in one of their own.
  static constexpr std::uint32_t watchers = std::uint32_t{1} << 31;
  static constexpr std::uint32_t closing = watchers - 1;
  struct no_client {};

  hub(const asio::any_io_executor& executor, std::shared_ptr<core::bus> b)
      : bus_(std::move(b)), descriptor_(std::in_place, executor), timer_(std::in_place, executor)
  {
    // After the descriptor's own service, so that ours is shut down before it.
    auto& context = asio::query(executor, asio::execution::context);
    registry_ = asio::use_service<hub_service>(context).hubs();
    registry_->add(this);
  }

  ~hub()
  {
    registry_->remove(this, [this] { give_back(); });
  }

  const std::shared_ptr<core::bus>& bus() const noexcept { return bus_; }
  async_detail::hub& get_hub() noexcept { return *this; }

  enum class waited { waiting, ready, cancelled, failed, gone };

  /// Puts `o` to sleep in the list `key`, unless `ready()` finds, after it is there, that it has no
  /// reason to; the bell is `client`'s from then on. `ready` is called with the mutex held.
  template <class Client, class Ready>
  waited wait(operation* o, std::uint32_t key, Client& client, Ready ready, std::error_code& ec)
  {
    const std::lock_guard guard(mutex_);
    if (shut_down_) return waited::gone;
    if (cancelled(o)) return waited::cancelled;
    if (!open(ec)) return waited::failed;
    queue& q = queues_[key];
    if constexpr (!std::is_same_v<Client, no_client>) {
      if (!q.attached) port_->attach(client);
      q.attached = true;
    }
    o->key = key;
    o->where = operation::state::waiting;
    if (std::exchange(o->has_waited, true))
      q.waiting.push_front(o);
    else
      q.waiting.push(o);
    ++waiting_;
    // Arm, look again, sleep.
    if (!armed_) {
      ticket_ = port_->arm();
      armed_ = true;
    }
    if (ready()) {
      q.waiting.remove(o);
      --waiting_;
      o->where = operation::state::scheduled;
      return waited::ready;
    }
    sleep(ec);
    if (!ec) return waited::waiting;
    q.waiting.remove(o);
    --waiting_;
    o->where = operation::state::scheduled;
    return waited::failed;
  }

  /// Whether others wait in the list already; `o` then has to queue up behind them.
  bool others_wait(std::uint32_t key)
  {
    const std::lock_guard guard(mutex_);
    const auto q = queues_.find(key);
    return q != queues_.end() && !q->second.waiting.empty();
  }

  /// Marks it; one that waits is sent to its executor to find the mark.
  void cancel(operation* o)
  {
    std::unique_lock guard(mutex_);
    o->cancelled.store(true, std::memory_order_release);
    if (o->where != operation::state::waiting) return;
    queues_[o->key].waiting.remove(o);
    o->where = operation::state::scheduled;
    guard.unlock();
    send(o);
  }

  static bool cancelled(const operation* o) noexcept
  {
    return o->cancelled.load(std::memory_order_acquire);
  }

  /// Sends the first operation of a list to its executor, or all of them.
  void wake_first(std::uint32_t key) { wake(key, false); }
  void wake_all(std::uint32_t key) { wake(key, true); }

  void forget(std::uint32_t key)
  {
    const std::lock_guard guard(mutex_);
    queues_.erase(key);
  }

  void add(const std::shared_ptr<closable>& client)
  {
    const std::lock_guard guard(mutex_);
    std::erase_if(clients_, [](auto& known) { return known.expired(); });
    clients_.push_back(client);
  }

  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  /// Closes all publishers and subscribers; what waits for that is done.
  void close()
  {
    std::vector<std::weak_ptr<closable>> clients;
    {
      const std::lock_guard guard(mutex_);
      closed_.store(true, std::memory_order_release);
      clients.swap(clients_);
    }
    for (auto& weak : clients)
      if (const auto client = weak.lock()) client->close();
    wake_all(closing);
  }

  /// In a child of fork: everything that waits goes to `all`, to find out that it is the parent's.
  void let_go_in_child(operation_list& all)
  {
    const std::lock_guard guard(mutex_);
    collect_all(all);
    armed_ = asleep_ = awaited_ = looking_for_dead_ = false;
    if (port_) {
      descriptor_->release();
      port_.reset();
    }
    timer_->cancel();
  }

  /// The context goes away: everything that waits goes to `all`, to end without a call.
  void shut_down(operation_list& all)
  {
    const std::lock_guard guard(mutex_);
    shut_down_ = true;
    collect_all(all);
    give_back();
  }

  /// "uring" or "thread"; empty before anything waited.
  const char* backend()
  {
    const std::lock_guard guard(mutex_);
    return port_ ? port_->backend() : "";
  }

private:
  struct queue {
    operation_list waiting;
    bool attached = false;
  };

  bool open(std::error_code& ec)
  {
    if (port_) return true;
    port_ = shmbus::detail::port::open(bus_, ec);
    if (!port_) return false;
    async_error_code assigned;
    descriptor_->assign(port_->descriptor(), assigned);
    if (!assigned) return true;
    ec = assigned;
    port_.reset();
    return false;
  }

  // What is the context's.
  void give_back()
  {
    timer_.reset();
    if (!descriptor_) return;
    if (descriptor_->is_open()) descriptor_->release();  // it is the port's
    descriptor_.reset();
    port_.reset();
  }

  // With the mutex held, armed.
  void sleep(std::error_code& ec)
  {
    if (!asleep_) {
      port_->sleep(ticket_, ec);
      if (ec) return;
      asleep_ = true;
    }
    if (!awaited_) {
      awaited_ = true;
      descriptor_->async_wait(asio::posix::descriptor_base::wait_read,
                              [self = shared_from_this()](const async_error_code& result) {
                                self->woken(static_cast<bool>(result));
                              });
    }
    if (!port_->has_alarm() && !looking_for_dead_) look_for_dead(port_->look_interval());
  }

  void woken(bool was_cancelled)
  {
    operation_list ready;
    {
      const std::lock_guard guard(mutex_);
      if (shut_down_ || !port_) return;
      awaited_ = false;
      if (!was_cancelled) {
        const bool alarm = port_->woken();
        armed_ = asleep_ = false;
        if (alarm) answer_alarm();
      }
      collect(ready);
      while (waiting_ != 0) {
        if (!armed_) {
          ticket_ = port_->arm();
          armed_ = true;
          if (collect(ready)) continue;
        }
        std::error_code ec;
        sleep(ec);
        if (!ec) break;
        collect_all(ready);  // they will find the same error, and say it
      }
    }
    run(ready);
    shmbus::detail::port::inherit(*bus_);
  }

  // If a handler throws, the others are still called: later, when somebody runs the context again.
  static void run(operation_list& ready)
  {
    struct rest {
      operation_list& list;
      ~rest()
      {
        while (operation* o = list.pop()) o->schedule();
      }
    } rest{ready};
    while (operation* o = ready.pop()) o->run();
  }

  // Moves the operations of those who were rung for to `ready`.
  bool collect(operation_list& ready)
  {
    rung_.clear();
    port_->take_rung(rung_);
    bool any = false;
    for (const std::uint32_t client : rung_) {
      any = collect(ready, client, false) || any;
      any = collect(ready, client | watchers, true) || any;
    }
    return any;
  }

  bool collect(operation_list& ready, std::uint32_t key, bool all)
  {
    const auto q = queues_.find(key);
    if (q == queues_.end()) return false;
    bool any = false;
    while (operation* o = q->second.waiting.pop()) {
      o->where = operation::state::scheduled;
      --waiting_;
      ready.push(o);
      any = true;
      if (!all) break;
    }
    return any;
  }

  void collect_all(operation_list& ready)
  {
    for (auto& entry : queues_) collect(ready, entry.first, true);
  }

  void wake(std::uint32_t key, bool all)
  {
    operation_list ready;
    {
      const std::lock_guard guard(mutex_);
      if (!collect(ready, key, all)) return;
      ++waiting_;
    }
    send(ready.pop(), ready);
  }

  // Sends those who wait no more to their executors; one of them still counts as waiting. Then, if
  // nobody is left, the context has nothing to wait for either: not before, since it would run out of
  // work.
  void send(operation* first, operation_list others = {})
  {
    const auto keep = shared_from_this();  // the last operation may be what keeps us
    first->schedule();
    while (operation* o = others.pop()) o->schedule();
    const std::lock_guard guard(mutex_);
    if (--waiting_ != 0 || shut_down_) return;
    if (awaited_) descriptor_->cancel();
    timer_->cancel();
  }

  // Somebody may have died. The kernel rings just before it lets a dead process's locks go, and with
  // many at once it takes a while: one for all looks again after 1, 2, 4 .. 64 ms; a few others see
  // to it a second later.
  void answer_alarm()
  {
    using namespace std::chrono_literals;
    if (port_->take_turn())
      look_for_dead(0ms);
    else if (port_->stand_by(waiting_))
      look_for_dead(1s);
  }

  void look_for_dead(std::chrono::milliseconds after)
  {
    looking_for_dead_ = true;
    timer_->expires_after(after);
    timer_->async_wait([self = shared_from_this(), n = ++look_, after](const async_error_code&) {
      self->looked(n, after);
    });
  }

  void looked(std::uint64_t n, std::chrono::milliseconds after)
  {
    look(n, after);
    shmbus::detail::port::inherit(*bus_);
  }

  void look(std::uint64_t n, std::chrono::milliseconds after)
  {
    using namespace std::chrono_literals;
    const std::lock_guard guard(mutex_);
    if (n != look_) return;  // another look took its place
    looking_for_dead_ = false;
    if (shut_down_ || !port_) return;
    if (waiting_ == 0) return port_->let_turn_go();
    if (!port_->has_alarm()) {
      port_->recover_in_turn();
      look_for_dead(port_->look_interval());
    } else if (after == 1s) {
      if (port_->stand_in()) look_for_dead(1s);
    } else {
      port_->recover();
      if (after < 64ms)
        look_for_dead(std::max<std::chrono::milliseconds>(1ms, after * 2));
      else
        port_->let_turn_go();
    }
  }

  std::shared_ptr<core::bus> bus_;
  std::shared_ptr<hub_registry> registry_;
  std::mutex mutex_;
  std::unique_ptr<shmbus::detail::port> port_;
  std::optional<asio::posix::stream_descriptor> descriptor_;
  std::optional<asio::steady_timer> timer_;
  std::vector<std::weak_ptr<closable>> clients_;
  std::unordered_map<std::uint32_t, queue> queues_;
  std::vector<std::uint32_t> rung_;
  std::size_t waiting_ = 0;
  std::uint32_t ticket_ = 0;
  bool armed_ = false;    // for ticket_
  bool asleep_ = false;   // the port watches for it
  bool awaited_ = false;  // the descriptor
  bool looking_for_dead_ = false;
  std::uint64_t look_ = 0;  // counts them: an older one that still comes is none
  std::atomic<bool> closed_{false};
  bool shut_down_ = false;
};

// Both: handlers, and what they own, may call back or drop a hub. So they come last, unlocked.

inline void hub_registry::shut_down()
{
  operation_list all;
  std::vector<std::shared_ptr<hub>> keep;
  {
    const std::lock_guard guard(mutex_);
    for (hub* h : hubs_) {
      keep.push_back(h->weak_from_this().lock());
      h->shut_down(all);
    }
  }
  while (operation* o = all.pop()) o->destroy();
}

inline void hub_registry::let_go_in_child()
{
  operation_list all;
  std::vector<std::shared_ptr<hub>> keep;
  {
    const std::lock_guard guard(mutex_);
    for (hub* h : hubs_) {
      keep.push_back(h->weak_from_this().lock());
      h->let_go_in_child(all);
    }
  }
  while (operation* o = all.pop()) o->schedule();
}

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail
