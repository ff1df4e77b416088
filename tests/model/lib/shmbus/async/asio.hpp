#pragma once

#include "model/event_loop.hpp"

#include <chrono>
#include <coroutine>
#include <functional>
#include <map>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

/// In place of include/shmbus/async/asio.hpp: as much of Asio as the asynchronous API is made of, on
/// the model's event loop. Handlers are callbacks, called on the loop; they may have a cancellation
/// slot.
namespace shmbus {

using async_error_code = std::error_code;

namespace asio {

class execution_context {
public:
  class id {};
  enum fork_event { fork_prepare, fork_parent, fork_child };

  class service {
  public:
    explicit service(execution_context&) {}
    virtual ~service() = default;
    virtual void shutdown() = 0;
    virtual void notify_fork(fork_event) {}
  };

  ~execution_context()
  {
    for (auto& entry : services_) entry.second->shutdown();
  }

private:
  template <class Service>
  friend Service& use_service(execution_context& c);

  std::map<const id*, std::unique_ptr<service>> services_;
};

template <class Service>
Service& use_service(execution_context& c)
{
  auto& place = c.services_[&Service::id];
  if (!place) place = std::make_unique<Service>(c);
  return static_cast<Service&>(*place);
}

class any_io_executor;

class io_context : public execution_context {
public:
  using executor_type = any_io_executor;

  executor_type get_executor() noexcept;
  /// Until nothing waits any more. Several threads may run it.
  void run() { loop.run(); }

  model::event_loop loop;
};

class any_io_executor {
public:
  any_io_executor() = default;
  explicit any_io_executor(io_context& c) noexcept : context_(&c) {}

  explicit operator bool() const noexcept { return context_ != nullptr; }
  io_context& context() const noexcept { return *context_; }
  template <class Executor>
  const Executor* target() const noexcept;  // there is no other executor
  template <class Function>
  void execute(Function f) const;
  friend bool operator==(const any_io_executor&, const any_io_executor&) = default;

private:
  io_context* context_ = nullptr;
};

inline any_io_executor io_context::get_executor() noexcept { return any_io_executor(*this); }

class system_executor {};

namespace execution {
inline constexpr struct context_t {
} context;
inline constexpr struct blocking_t {
  struct never_t {};
  never_t never;
} blocking;
inline constexpr struct relationship_t {
  struct fork_t {};
  fork_t fork;
} relationship;
}  // namespace execution

template <class, class>
struct can_require : std::true_type {};

// It is as all want it.
template <class Property>
any_io_executor require(const any_io_executor& e, Property)
{
  return e;
}
template <class Property>
any_io_executor prefer(const any_io_executor& e, Property)
{
  return e;
}

inline execution_context& query(const any_io_executor& e, execution::context_t)
{
  return e.context();
}

template <class Executor>
class executor_work_guard {
public:
  explicit executor_work_guard(const Executor&) {}
};

template <class Function>
void post(const any_io_executor& e, Function f)
{
  e.context().loop.post([f = std::move(f)](std::error_code) mutable { f(); });
}

template <class Function>
void any_io_executor::execute(Function f) const
{
  post(*this, std::move(f));
}

template <class Function>
void dispatch(const any_io_executor& e, Function f)
{
  if (e.context().loop.running_here())
    f();
  else
    post(e, std::move(f));
}

template <class Function>
Function bind_executor(const any_io_executor&, Function f)
{
  return f;
}

namespace error {
inline const std::error_code operation_aborted =
    std::make_error_code(std::errc::operation_canceled);
}

// Where a handler runs, and what its memory comes from: nothing of its own.
template <class, class Default>
using associated_executor_t = Default;
template <class Handler, class Default>
const Default& get_associated_executor(const Handler&, const Default& e) noexcept
{
  return e;
}
template <class>
using associated_allocator_t = std::allocator<void>;
template <class Handler>
std::allocator<void> get_associated_allocator(const Handler&) noexcept
{
  return {};
}
template <class T>
using recycling_allocator = std::allocator<T>;

enum class cancellation_type { none, terminal, partial = 2, total = 4, all = 7 };

class cancellation_signal;

class cancellation_slot {
public:
  explicit cancellation_slot(cancellation_signal* s = nullptr) noexcept : signal_(s) {}
  bool is_connected() const noexcept { return signal_ != nullptr; }
  void assign(std::function<void(cancellation_type)> f);
  void clear();

private:
  cancellation_signal* signal_;
};

class cancellation_signal {
public:
  cancellation_slot slot() noexcept { return cancellation_slot(this); }
  void emit(cancellation_type t)
  {
    if (const auto call = handler_) call(t);
  }

private:
  friend class cancellation_slot;
  std::function<void(cancellation_type)> handler_;
};

inline void cancellation_slot::assign(std::function<void(cancellation_type)> f)
{
  signal_->handler_ = std::move(f);
}
inline void cancellation_slot::clear()
{
  if (signal_) signal_->handler_ = nullptr;
}

template <class Handler>
cancellation_slot get_associated_cancellation_slot(const Handler& h) noexcept
{
  if constexpr (requires { h.get_cancellation_slot(); })
    return h.get_cancellation_slot();
  else
    return cancellation_slot();
}

template <class>
struct default_completion_token_t {};

template <class Token, class Signature, class Initiation, class... Arguments>
void async_initiate(Initiation&& initiation, std::remove_reference_t<Token>& token,
                    Arguments&&... arguments)
{
  initiation(std::forward<Token>(token), std::forward<Arguments>(arguments)...);
}

// Coroutines are declared, and never run.
template <class = any_io_executor>
struct use_awaitable_t {};
inline constexpr use_awaitable_t<> use_awaitable;

inline use_awaitable_t<> redirect_error(use_awaitable_t<>, std::error_code&) { return {}; }

namespace this_coro {
inline constexpr struct cancellation_state_t {
} cancellation_state;
}  // namespace this_coro

template <class T>
struct awaitable {
  struct promise_type {
    struct cancellation : std::suspend_never {
      cancellation_slot slot() const noexcept { return cancellation_slot(); }
      cancellation await_resume() const noexcept { return *this; }
    };

    awaitable get_return_object() { return {}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void unhandled_exception() {}
    template <class U>
    void return_value(U&&)
    {
    }
    cancellation await_transform(this_coro::cancellation_state_t) { return {}; }
  };
};

namespace posix {

struct descriptor_base {
  enum wait_type { wait_read };
};

class stream_descriptor {
public:
  explicit stream_descriptor(const any_io_executor& e) : loop_(&e.context().loop) {}
  ~stream_descriptor() { release(); }

  void assign(int descriptor, std::error_code& ec)
  {
    ec.clear();
    descriptor_ = descriptor;
  }
  bool is_open() const noexcept { return descriptor_ >= 0; }
  void release()
  {
    if (is_open()) cancel();
    descriptor_ = -1;
  }
  void cancel() { loop_->cancel_wait(descriptor_); }
  template <class Handler>
  void async_wait(descriptor_base::wait_type, Handler h)
  {
    loop_->await(descriptor_, std::move(h));
  }

private:
  model::event_loop* loop_;
  int descriptor_ = -1;
};

}  // namespace posix

class steady_timer {
public:
  explicit steady_timer(const any_io_executor& e) : loop_(&e.context().loop) {}
  ~steady_timer() { cancel(); }

  void expires_after(std::chrono::nanoseconds d)
  {
    cancel();
    after_ = d;
  }
  template <class Handler>
  void async_wait(Handler h)
  {
    loop_->await(this, after_, std::move(h));
  }
  void cancel() { loop_->cancel_timer(this); }

private:
  model::event_loop* loop_;
  std::chrono::nanoseconds after_{0};
};

}  // namespace asio
}  // namespace shmbus

#define SHMBUS_ASYNC_ABI model_asio
