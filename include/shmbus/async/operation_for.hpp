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

/// What a handler brings with it: where it runs, and what keeps those places running.
template <class Handler, class IoExecutor>
class handler_places {
public:
  using executor_type = asio::associated_executor_t<Handler, IoExecutor>;

  handler_places(const Handler& handler, const IoExecutor& io)
      : executor_(asio::get_associated_executor(handler, io))
  {
    // Where the handler's executor is the I/O executor, what is posted or awaited there is work
    // enough. Else each side could run out of work while the other has the operation.
    if constexpr (std::is_same_v<executor_type, IoExecutor>) {
      if (executor_ == io) return;
    }
    work_.emplace(asio::executor_work_guard<IoExecutor>(io),
                  asio::executor_work_guard<executor_type>(executor_));
  }

  const executor_type& executor() const noexcept { return executor_; }
  /// Whether the handler's executor is the I/O executor.
  bool at_home() const noexcept { return !work_; }

private:
  executor_type executor_;
  std::optional<
      std::pair<asio::executor_work_guard<IoExecutor>, asio::executor_work_guard<executor_type>>>
      work_;
};

/// The handler's allocator; for one that names none, the one that Asio uses for its own operations.
template <class Handler>
auto allocator_of(const Handler& handler) noexcept
{
  using allocator = asio::associated_allocator_t<Handler>;
  using value = typename std::allocator_traits<allocator>::value_type;
  if constexpr (std::is_same_v<allocator, std::allocator<value>>)
    return asio::recycling_allocator<void>();
  else
    return asio::get_associated_allocator(handler);
}

/// Sends a function to the handler's executor; or, if the handler names one for what can be done at
/// once, to that, which may run it in here.
template <class Handler, class IoExecutor>
class sender {
public:
  using executor_type = asio::associated_executor_t<Handler, IoExecutor>;

  sender(const Handler& handler, const IoExecutor& io, const executor_type& executor)
      : executor_(wished(handler, io, executor))
  {
  }

  template <class Function>
  void operator()(Function function)
  {
    if constexpr (has_wish)
      asio::dispatch(executor_, std::move(function));
    else
      asio::post(executor_, std::move(function));
  }

private:
#if SHMBUS_HAS_IMMEDIATE_EXECUTOR
  struct plain_handler {};
  static constexpr bool has_wish =
      !std::is_same_v<asio::associated_immediate_executor_t<Handler, IoExecutor>,
                      asio::associated_immediate_executor_t<plain_handler, IoExecutor>>;
#else
  static constexpr bool has_wish = false;
#endif

  static decltype(auto) wished(const Handler& handler, const IoExecutor& io,
                               const executor_type& executor)
  {
#if SHMBUS_HAS_IMMEDIATE_EXECUTOR
    if constexpr (has_wish)
      return asio::get_associated_immediate_executor(handler, io);
    else
#endif
      return ((void)handler, (void)io, (executor));
  }

  decltype(wished(std::declval<const Handler&>(), std::declval<const IoExecutor&>(),
                  std::declval<const executor_type&>())) executor_;
};

/// An operation with its handler, in memory from the handler's allocator.
///
/// Action says what it does; see waiting_action.
template <class Handler, class Action, class IoExecutor>
class operation_for final : public operation {
public:
  using places_type = handler_places<Handler, IoExecutor>;

  static operation_for* make(Handler&& handler, Action&& action, places_type&& p)
  {
    auto allocator = rebound(allocator_of(handler));
    operation_for* place = traits::allocate(allocator, 1);
    return ::new (static_cast<void*>(place))
        operation_for(std::move(handler), std::move(action), std::move(p));
  }

  /// From the initiating function, when the handler can be cancelled, or has nothing to do yet.
  void start(const IoExecutor& io, bool asleep)
  {
    if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
      slot.assign([this](asio::cancellation_type) { action_.owner->get_hub().cancel(this); });
    if (asleep && action_.sleep_at_once(this)) return;
    sender<Handler, IoExecutor>(handler_, io, places_.executor())(attempt_function(this));
  }

  /// On the handler's executor.
  void attempt()
  {
    auto owner = action_.owner;  // must outlive the operation
    auto result = owner->get_hub().cancelled(this) ? action_.aborted() : action_.attempt(this);
    if (result.again) asio::post(places_.executor(), attempt_function(this));
    if (!result.done) return;  // waits; may be gone already
    asio::get_associated_cancellation_slot(handler_).clear();
    Handler handler(std::move(handler_));
    action_.finished();
    free(handler);
    owner.reset();
    // Nothing is held any more: the handler may tell another thread that destroys all there is.
    std::apply([&](auto&&... arguments) { std::move(handler)(std::move(arguments)...); },
               std::move(*result.done));
  }

private:
  using allocator_type = typename std::allocator_traits<decltype(allocator_of(
      std::declval<const Handler&>()))>::template rebind_alloc<operation_for>;
  using traits = std::allocator_traits<allocator_type>;

  operation_for(Handler&& handler, Action&& action, places_type&& p)
      : operation(&act),
        handler_(std::move(handler)),
        action_(std::move(action)),
        places_(std::move(p))
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

  static void act(operation* o, purpose p)
  {
    auto* self = static_cast<operation_for*>(o);
    if (p == purpose::run && self->places_.at_home())
      self->attempt();  // what dispatch() would find out: the event loop runs there
    else if (p == purpose::run)
      asio::dispatch(self->places_.executor(), attempt_function(self));
    else if (p == purpose::schedule)
      asio::post(self->places_.executor(), attempt_function(self));
    else
      self->end();
  }

  // Without calling the handler.
  void end()
  {
    Handler handler(std::move(handler_));
    action_.finished();
    free(handler);
  }

  // The handler was moved out, and knows its allocator.
  void free(const Handler& handler)
  {
    auto allocator = rebound(allocator_of(handler));
    this->~operation_for();
    traits::deallocate(allocator, this, 1);
  }

  template <class Allocator>
  static allocator_type rebound(const Allocator& allocator)
  {
    return allocator_type(allocator);
  }

  Handler handler_;
  Action action_;
  places_type places_;
};

/// The first attempt of an operation that can't be cancelled: posted as it is, and made an
/// operation only if it has to wait.
template <class Handler, class Action, class IoExecutor>
class first_attempt {
public:
  using places_type = handler_places<Handler, IoExecutor>;
  using allocator_type = asio::associated_allocator_t<Handler>;

  template <class H>
  first_attempt(H&& handler, Action&& action, places_type&& p)
      : handler_(std::forward<H>(handler)), held_(std::in_place, std::move(action), std::move(p))
  {
  }
  first_attempt(first_attempt&& other) noexcept
      : handler_(std::move(other.handler_)), held_(std::move(other.held_))
  {
    other.held_.reset();
  }
  ~first_attempt()
  {
    if (held_) held_->action.finished();
  }

  allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler_); }

  void operator()()
  {
    auto done = held_->action.try_now();
    if (!done) {
      auto* o = operation_for<Handler, Action, IoExecutor>::make(
          std::move(handler_), std::move(held_->action), std::move(held_->places));
      held_.reset();
      o->attempt();
      return;
    }
    held_->action.finished();
    held_.reset();  // as in operation_for::attempt(): the handler is called with nothing held
    std::apply([&](auto&&... arguments) { std::move(handler_)(std::move(arguments)...); },
               std::move(*done));
  }

private:
  struct held {
    held(Action&& a, places_type&& p) : action(std::move(a)), places(std::move(p)) {}

    Action action;
    places_type places;
  };

  Handler handler_;
  std::optional<held> held_;
};

/// Starts what `action` says for `handler`; never completes in here.
template <class Handler, class Action, class IoExecutor>
void start_operation(Handler&& h, Action action, const IoExecutor& io)
{
  using handler_type = std::decay_t<Handler>;
  const handler_type& handler = h;
  handler_places<handler_type, IoExecutor> places(handler, io);
  const bool cancellable = asio::get_associated_cancellation_slot(handler).is_connected();
  const bool asleep = action.has_nothing(cancellable);
  if (cancellable || asleep) {
    operation_for<handler_type, Action, IoExecutor>::make(handler_type(std::forward<Handler>(h)),
                                                          std::move(action), std::move(places))
        ->start(io, asleep);
    return;
  }
  const auto executor = places.executor();
  sender<handler_type, IoExecutor> send(handler, io, executor);
  send(first_attempt<handler_type, Action, IoExecutor>(std::forward<Handler>(h), std::move(action),
                                                       std::move(places)));
}

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail
