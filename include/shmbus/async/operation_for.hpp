#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation.hpp"

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail {

/// An operation with its handler, in memory from the handler's allocator.
///
/// Action says what it does; see waiting_action.
template <class Handler, class Action, class IoExecutor>
class operation_for final : public operation {
public:
  using executor_type = asio::associated_executor_t<Handler, IoExecutor>;
  using allocator_type = typename std::allocator_traits<
      asio::associated_allocator_t<Handler>>::template rebind_alloc<operation_for>;

  static operation_for* make(Handler handler, Action action, const IoExecutor& io)
  {
    allocator_type allocator(asio::get_associated_allocator(handler));
    operation_for* place = std::allocator_traits<allocator_type>::allocate(allocator, 1);
    return ::new (static_cast<void*>(place))
        operation_for(std::move(handler), std::move(action), io);
  }

  /// From the initiating function: never completes inside it.
  void start()
  {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected())
      slot.assign([this](asio::cancellation_type) { action_.owner->get_hub().cancel(this); });
    send_first();
  }

private:
  operation_for(Handler&& handler, Action&& action, const IoExecutor& io)
      : operation(&act),
        handler_(std::move(handler)),
        action_(std::move(action)),
        io_work_(io),
        work_(asio::get_associated_executor(handler_, io))
  {
  }
  ~operation_for() = default;

  // Carries the operation to the executor; if the executor drops it, the operation ends with it.
  class attempt_function {
  public:
    using allocator_type = asio::associated_allocator_t<Handler>;

    explicit attempt_function(operation_for* o) noexcept : operation_(o) {}
    attempt_function(attempt_function&& other) noexcept
        : operation_(std::exchange(other.operation_, nullptr))
    {
    }
    ~attempt_function()
    {
      if (operation_) operation_->end();
    }
    allocator_type get_allocator() const noexcept
    {
      return asio::get_associated_allocator(operation_->handler_);
    }
    void operator()() { std::exchange(operation_, nullptr)->attempt(); }

  private:
    operation_for* operation_;
  };

  // Never inside the initiating function, unless the handler names an executor for what can be done
  // at once, and that executor runs it there.
  void send_first()
  {
#if SHMBUS_HAS_IMMEDIATE_EXECUTOR
    using unchanged = asio::associated_immediate_executor_t<plain_handler, IoExecutor>;
    using immediate = asio::associated_immediate_executor_t<Handler, IoExecutor>;
    if constexpr (!std::is_same_v<immediate, unchanged>) {
      asio::dispatch(asio::get_associated_immediate_executor(handler_, io_work_.get_executor()),
                     attempt_function(this));
      return;
    }
#endif
    asio::post(work_.get_executor(), attempt_function(this));
  }
  struct plain_handler {};

  static void act(operation* o, purpose p)
  {
    auto* self = static_cast<operation_for*>(o);
    if (p == purpose::run)
      asio::dispatch(self->work_.get_executor(), attempt_function(self));
    else if (p == purpose::schedule)
      asio::post(self->work_.get_executor(), attempt_function(self));
    else
      self->end();
  }

  void attempt()
  {
    const auto owner = action_.owner;  // until the end of this function, whatever the handler does
    auto result = owner->get_hub().cancelled(this) ? action_.aborted() : action_.attempt(this);
    if (result.again) asio::post(work_.get_executor(), attempt_function(this));
    if (!result.done) return;  // waits; may be gone already
    asio::get_associated_cancellation_slot(handler_).clear();
    Handler handler(std::move(handler_));
    Action action(std::move(action_));
    auto work = std::move(work_);
    auto io_work = std::move(io_work_);
    free(handler);
    action.finished();
    std::apply([&](auto&&... arguments) { std::move(handler)(std::move(arguments)...); },
               std::move(*result.done));
  }

  // Without calling the handler.
  void end()
  {
    Handler handler(std::move(handler_));
    Action action(std::move(action_));
    free(handler);
    action.finished();
  }

  // The handler was moved out, and knows its allocator.
  void free(const Handler& handler)
  {
    allocator_type allocator(asio::get_associated_allocator(handler));
    this->~operation_for();
    std::allocator_traits<allocator_type>::deallocate(allocator, this, 1);
  }

  Handler handler_;
  Action action_;
  asio::executor_work_guard<IoExecutor> io_work_;
  asio::executor_work_guard<executor_type> work_;
};

template <class Handler, class Action, class IoExecutor>
void start_operation(Handler&& handler, Action action, const IoExecutor& io)
{
  using type = operation_for<std::decay_t<Handler>, Action, IoExecutor>;
  type::make(std::forward<Handler>(handler), std::move(action), io)->start();
}

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail
