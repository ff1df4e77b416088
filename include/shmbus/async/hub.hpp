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

/// What the hub knows of a publisher or subscriber, by its place on the bus: what waits for it, and how
/// to close it. It is known from add() to remove(), also when it was closed and another one has its place.
class hub_client : public std::enable_shared_from_this<hub_client> {
public:
  virtual void close() = 0;

  /// Whether the broker's executor can be had again as the type that the broker has: one that holds
  /// any executor gives away what it holds.
  template <class IoExecutor>
  static constexpr bool keeps = std::is_same_v<IoExecutor, asio::any_io_executor> ||
                                !requires(const IoExecutor& executor) { executor.target_type(); };

  /// The broker's executor; not after its context's end.
  template <class IoExecutor>
    requires keeps<IoExecutor>
  const IoExecutor& io_executor() const noexcept
  {
    if constexpr (std::is_same_v<IoExecutor, asio::any_io_executor>)
      return io_executor_;
    else
      return *io_executor_.template target<IoExecutor>();
  }

  /// The same, as asio::post() would make it anew each time for who has an executor of any type; not
  /// after its context's end.
  const asio::any_io_executor& posting_executor() const noexcept { return posting_executor_; }

  wait_list waiting;
  wait_list watching{false};  // for subscribers to come

protected:
  explicit hub_client(bool takes_turns) noexcept : waiting(takes_turns) {}
  ~hub_client() = default;

private:
  friend class hub;

  void set_executor(const asio::any_io_executor& io)
  {
    io_executor_ = io;
    posting_executor_ = asio::prefer(asio::require(io, asio::execution::blocking.never),
                                     asio::execution::relationship.fork);
  }

  // What is left of a strand belongs to the context.
  void forget_executor() noexcept
  {
    io_executor_ = asio::any_io_executor();
    posting_executor_ = asio::any_io_executor();
  }

  asio::any_io_executor io_executor_;
  asio::any_io_executor posting_executor_;
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
  struct no_client {};

  hub(const asio::any_io_executor& executor, std::shared_ptr<core::bus> b)
      : bus_(std::move(b)),
        executor_(executor),
        descriptor_(std::in_place, executor),
        timer_(std::in_place, executor)
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
  /// Where the descriptor is awaited; empty after the context's end.
  asio::any_io_executor executor()
  {
    const std::lock_guard guard(mutex_);
    return executor_;
  }
  /// What waits for the broker to be closed.
  wait_list& closing() noexcept { return closing_; }
  async_detail::hub& get_hub() noexcept { return *this; }

  enum class waited { waiting, ready, cancelled, failed, gone };

  /// Puts `o` to sleep in `list`, unless `ready()` finds, after it is there, that it has no reason to,
  /// which only the first in line is asked; the bell is `client`'s from then on. `ready` is called with
  /// the mutex held.
  template <class Client, class Ready>
  waited wait(operation* o, wait_list& list, Client& client, Ready ready, std::error_code& ec)
  {
    const std::lock_guard guard(mutex_);
    if (shut_down_) return waited::gone;
    if (cancelled(o)) return waited::cancelled;
    if (!open(ec)) return waited::failed;
    if constexpr (!std::is_same_v<Client, no_client>) {
      if (!list.attached) port_->attach(client);
      list.attached = true;
    }
    o->list = &list;
    o->where = operation::state::waiting;
    if (std::exchange(o->has_waited, true))
      list.waiting.push_front(o);
    else
      list.waiting.push(o);
    if (list.turn == o) list.turn = nullptr;
    ++waiting_;
    // Arm, look again, sleep.
    if (!armed_) {
      ticket_ = port_->arm();
      armed_ = true;
    }
    const bool first = !list.takes_turns || (!list.turn && list.waiting.front() == o);
    if (first && ready()) {
      take_out(o, list);
      return waited::ready;
    }
    sleep(ec);
    if (!ec) return waited::waiting;
    take_out(o, list);
    return waited::failed;
  }

  /// Whether others come first; who asks then has to queue up behind them.
  bool others_wait(const wait_list& list)
  {
    const std::lock_guard guard(mutex_);
    return list.busy();
  }

  /// `o`, which has waited in a list whose operations take turns, is done: it is the next one's turn.
  void next(wait_list& list, const operation* o)
  {
    {
      const std::lock_guard guard(mutex_);
      if (list.turn == o) list.turn = nullptr;
    }
    wake(list, false);
  }

  /// Marks it; one that waits is sent to its executor to find the mark.
  void cancel(operation* o)
  {
    std::unique_lock guard(mutex_);
    o->cancelled.store(true, std::memory_order_release);
    if (o->where != operation::state::waiting) return;
    take_out(o, *o->list);
    ++sending_;
    guard.unlock();
    operation_list one;
    one.push(o);
    send(one);
  }

  static bool cancelled(const operation* o) noexcept
  {
    return o->cancelled.load(std::memory_order_acquire);
  }

  /// Sends all operations of a list to their executors.
  void wake_all(wait_list& list) { wake(list, true); }

  /// From now on it is rung for, and closed with the others. False: they are closed already.
  bool add(hub_client& client, std::uint32_t slot, const asio::any_io_executor& io)
  {
    const std::lock_guard guard(mutex_);
    if (closed()) return false;
    client.set_executor(io);
    clients_.emplace(slot, &client);
    return true;
  }

  void remove(hub_client& client) noexcept
  {
    const std::lock_guard guard(mutex_);
    std::erase_if(clients_, [&](auto& known) { return known.second == &client; });
  }

  /// The context has work as long as one of those that asked has not let go, or until it ends: for
  /// operations whose handlers run elsewhere, which may outlive it.
  void hold_work()
  {
    const std::lock_guard guard(mutex_);
    if (working_++ == 0 && !shut_down_) work_.emplace(executor_);
  }
  void let_work_go() noexcept
  {
    const std::lock_guard guard(mutex_);
    if (--working_ == 0) work_.reset();
  }

  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  /// Closes all publishers and subscribers; what waits for that is done.
  void close()
  {
    std::vector<std::shared_ptr<hub_client>> clients;
    {
      const std::lock_guard guard(mutex_);
      closed_.store(true, std::memory_order_release);
      for (const auto& known : clients_)
        if (auto client = known.second->weak_from_this().lock())
          clients.push_back(std::move(client));
    }
    for (const auto& client : clients) client->close();
    wake_all(closing_);
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
    executor_ = asio::any_io_executor();
    for (auto& known : clients_) known.second->forget_executor();
  }

  /// "uring" or "thread"; empty before anything waited.
  const char* backend()
  {
    const std::lock_guard guard(mutex_);
    return port_ ? port_->backend() : "";
  }

private:
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
    work_.reset();
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
      while (waiting_ + sending_ != 0) {
        if (!armed_) {
          ticket_ = port_->arm();
          armed_ = true;
          if (collect(ready)) continue;
        }
        std::error_code ec;
        sleep(ec);
        if (!ec || waiting_ == 0) break;
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
      // One that was closed may still be known beside the one that has its place now.
      const auto [begin, end] = clients_.equal_range(client);
      for (auto known = begin; known != end; ++known) {
        any = collect(ready, known->second->waiting, false) || any;
        any = collect(ready, known->second->watching, true) || any;
      }
    }
    return any;
  }

  bool collect(operation_list& ready, wait_list& list, bool all)
  {
    if (!all && list.turn) return false;  // who has it will pass it on
    bool any = false;
    while (operation* o = list.waiting.pop()) {
      o->where = operation::state::scheduled;
      --waiting_;
      ready.push(o);
      any = true;
      if (all) continue;
      if (list.takes_turns) list.turn = o;
      break;
    }
    return any;
  }

  void collect_all(operation_list& ready)
  {
    for (auto& known : clients_) {
      collect(ready, known.second->waiting, true);
      collect(ready, known.second->watching, true);
    }
    collect(ready, closing_, true);
  }

  // One that goes on by itself, and has the turn then.
  void take_out(operation* o, wait_list& list)
  {
    list.waiting.remove(o);
    o->where = operation::state::scheduled;
    --waiting_;
    if (list.takes_turns && !list.turn) list.turn = o;
  }

  void wake(wait_list& list, bool all)
  {
    operation_list ready;
    {
      const std::lock_guard guard(mutex_);
      if (!collect(ready, list, all)) return;
      ++sending_;
    }
    send(ready);
  }

  // Sends those who wait no more to their executors. Then, if nobody is left, the context has nothing
  // to wait for either: not before, since it would run out of work.
  void send(operation_list& ready)
  {
    const auto keep = shared_from_this();  // the last operation may be what keeps us
    while (operation* o = ready.pop()) o->schedule();
    const std::lock_guard guard(mutex_);
    if (--sending_ + waiting_ != 0 || shut_down_) return;
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
  asio::any_io_executor executor_;
  std::shared_ptr<hub_registry> registry_;
  std::mutex mutex_;
  std::unique_ptr<shmbus::detail::port> port_;
  std::optional<asio::posix::stream_descriptor> descriptor_;
  std::optional<asio::steady_timer> timer_;
  std::optional<asio::executor_work_guard<asio::any_io_executor>> work_;
  std::unordered_multimap<std::uint32_t, hub_client*> clients_;  // by slot
  wait_list closing_{false};
  std::vector<std::uint32_t> rung_;
  std::size_t waiting_ = 0;
  std::size_t sending_ = 0;  // threads on their way with operations that wait no more
  std::size_t working_ = 0;
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
