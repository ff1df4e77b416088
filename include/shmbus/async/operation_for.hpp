#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation.hpp"

#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// What an optional does not hold, g++ takes for what is used uninitialized.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail {

/// Keeps the context of a hub running. The hub does that itself, so that the operation may outlive the
/// context.
class io_work {
public:
  io_work() = default;
  explicit io_work(hub& h) : hub_(h.shared_from_this()) { hub_->hold_work(); }
  io_work(io_work&&) noexcept = default;
  io_work& operator=(io_work&& other) noexcept
  {
    hub_.swap(other.hub_);
    return *this;
  }
  ~io_work()
  {
    if (hub_) hub_->let_work_go();
  }

private:
  std::shared_ptr<hub> hub_;
};

/// Whether a handler names an executor; one that does not gives any that it is asked with.
template <class Handler, class IoExecutor>
inline constexpr bool has_own_executor =
    !std::is_same_v<asio::associated_executor_t<Handler, IoExecutor>, IoExecutor> ||
    !std::is_same_v<asio::associated_executor_t<Handler, asio::system_executor>,
                    asio::system_executor>;

/// What a handler brings with it: where it runs, and what keeps those places running.
template <class Handler, class IoExecutor>
class handler_places {
public:
  using executor_type = asio::associated_executor_t<Handler, IoExecutor>;

  handler_places(const Handler& handler, const IoExecutor& io, hub& h)
      : executor_(asio::get_associated_executor(handler, io))
  {
    // Where the handler's executor is the I/O executor, what is posted or awaited there is work
    // enough. Else each side could run out of work while the other has the operation.
    if constexpr (!has_own_executor<Handler, IoExecutor>) return;
    if constexpr (std::is_same_v<executor_type, IoExecutor>) {
      if (executor_ == io) return;
    }
    io_work_ = io_work(h);
    work_.emplace(executor_);
  }

  const executor_type& executor() const noexcept { return executor_; }
  /// Whether the handler's executor is the I/O executor.
  bool at_home() const noexcept { return !work_; }

private:
  executor_type executor_;
  io_work io_work_;
  std::optional<asio::executor_work_guard<executor_type>> work_;
};

/// Whether an executor can promise not to run a function in here; one may be erased so far that it
/// can't.
template <class Executor>
inline constexpr bool can_post_to =
    asio::can_require<Executor, asio::execution::blocking_t::never_t>::value;

/// Posts to the executor of a handler; to one that can't be posted to by way of the I/O executor, as
/// Asio's own operations do.
template <class Executor, class IoExecutor, class Function>
void post_to(const Executor& executor, const IoExecutor& io, Function&& function)
{
  if constexpr (can_post_to<Executor>)
    asio::post(executor, std::forward<Function>(function));
  else
    asio::post(io, asio::bind_executor(executor, std::forward<Function>(function)));
}

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

/// What an operation belongs to.
template <class Action>
using owner_of = std::remove_reference_t<decltype(*std::declval<Action>().owner)>;

/// Sends a function to the handler's executor: by way of the one that the handler names for what can be
/// done at once, if it does, which may run it in here.
template <class Handler, class IoExecutor, class Owner>
class sender {
public:
  using executor_type = asio::associated_executor_t<Handler, IoExecutor>;

  sender(const Handler& handler, const IoExecutor& io, const executor_type& executor, bool at_home,
         const Owner& owner)
      : by_way_of_(wished(handler, io, executor)), io_(io), executor_(executor)
  {
    if constexpr (can_be_prepared)
      if (at_home) prepared_ = owner.posting_executor();
  }

  template <class Function>
  void operator()(Function function)
  {
    if constexpr (can_be_prepared)
      if (prepared_) return prepared_.execute(std::move(function));
    if constexpr (!has_wish)
      post_to(executor_, io_, std::move(function));
    else if constexpr (has_own_executor<Handler, IoExecutor>)
      asio::dispatch(by_way_of_, asio::bind_executor(executor_, std::move(function)));
    else
      asio::dispatch(by_way_of_, std::move(function));
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
  static constexpr bool can_be_prepared = !has_wish && std::is_base_of_v<hub_client, Owner> &&
                                          std::is_same_v<executor_type, asio::any_io_executor> &&
                                          std::is_same_v<IoExecutor, asio::any_io_executor>;
  struct nothing {};

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
                  std::declval<const executor_type&>())) by_way_of_;
  const IoExecutor& io_;
  const executor_type& executor_;
  // A copy: what is sent may end on another thread, and its owner with it, before the call is over.
  [[no_unique_address]] std::conditional_t<can_be_prepared, asio::any_io_executor, nothing>
      prepared_;
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
    struct memory {
      allocator_type allocator;
      operation_for* place;
      ~memory()
      {
        if (place) traits::deallocate(allocator, place, 1);
      }
    } m{rebound(allocator_of(handler)), nullptr};
    m.place = traits::allocate(m.allocator, 1);
    auto* made = ::new (static_cast<void*>(m.place))
        operation_for(std::move(handler), std::move(action), std::move(p));
    m.place = nullptr;
    return made;
  }

  /// From the initiating function, when the handler can be cancelled, or has nothing to do yet.
  void start(const IoExecutor& io, bool asleep)
  {
    attempt_function owner(this);  // until it is known that it goes on
    if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
      slot.assign([this](asio::cancellation_type) { action_.owner->get_hub().cancel(this); });
    owner.release();
    if (asleep && action_.sleep_at_once(this)) return;
    sender<Handler, IoExecutor, owner_of<Action>> send(handler_, io, places_.executor(),
                                                       places_.at_home(), *action_.owner);
    send(attempt_function(this));
  }

  /// On the handler's executor.
  void attempt()
  {
    auto owner = action_.owner;  // must outlive the operation
    auto result = owner->get_hub().cancelled(this) ? action_.aborted() : action_.attempt(this);
    if (result.again) post_again();
    if (!result.done) return;  // waits; may be gone already
    asio::get_associated_cancellation_slot(handler_).clear();
    Handler handler(std::move(handler_));
    action_.finished(this);
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
    void operator()() { release()->attempt(); }
    operation_for* release() noexcept { return std::exchange(operation_, nullptr); }

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
      self->post_again();
    else
      self->end();
  }

  void post_again()
  {
    if constexpr (can_post_to<typename places_type::executor_type>)
      asio::post(places_.executor(), attempt_function(this));
    else if (const auto io = action_.owner->get_hub().executor())
      post_to(places_.executor(), io, attempt_function(this));
    else
      asio::dispatch(places_.executor(), attempt_function(this));
  }

  // Without calling the handler.
  void end()
  {
    Handler handler(std::move(handler_));
    action_.finished(this);
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
///
/// Each trip through an executor moves it several times, so it is small: who has no executor of its own
/// takes the I/O executor from the action's owner, should it have to wait.
template <class Handler, class Action, class IoExecutor>
class first_attempt {
public:
  using places_type = handler_places<Handler, IoExecutor>;
  using allocator_type = asio::associated_allocator_t<Handler>;

  static constexpr bool travels_light = !has_own_executor<Handler, IoExecutor> &&
                                        hub_client::keeps<IoExecutor> &&
                                        std::is_base_of_v<hub_client, owner_of<Action>>;
  struct no_places {};
  using kept_places = std::conditional_t<travels_light, no_places, places_type>;

  template <class H>
  first_attempt(H&& handler, Action&& action, kept_places&& p)
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
    if (held_) held_->action.finished(nullptr);
  }

  allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler_); }

  void operator()()
  {
    auto done = held_->action.try_now();
    if (!done) {
      auto* o = operation_for<Handler, Action, IoExecutor>::make(
          std::move(handler_), std::move(held_->action), places());
      held_.reset();
      o->attempt();
      return;
    }
    held_->action.finished(nullptr);
    held_.reset();  // as in operation_for::attempt(): the handler is called with nothing held
    std::apply([&](auto&&... arguments) { std::move(handler_)(std::move(arguments)...); },
               std::move(*done));
  }

private:
  struct held {
    held(Action&& a, kept_places&& p) : action(std::move(a)), places(std::move(p)) {}

    Action action;
    [[no_unique_address]] kept_places places;
  };

  places_type places()
  {
    if constexpr (travels_light) {
      auto& owner = *held_->action.owner;
      return places_type(handler_, owner.template io_executor<IoExecutor>(), owner.get_hub());
    } else {
      return std::move(held_->places);
    }
  }

  Handler handler_;
  std::optional<held> held_;
};

/// As async_initiate() with use_awaitable, but an error comes back in `ec`: so that all errors of a
/// coroutine are thrown as ours.
template <class Signature, class Initiation, class... Arguments>
auto initiate_awaitable(Initiation&& initiation, async_error_code& ec, Arguments&&... arguments)
{
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  return asio::async_initiate<decltype(token), Signature>(
      std::forward<Initiation>(initiation), token, std::forward<Arguments>(arguments)...);
}

/// Starts what `action` says for `handler`; never completes in here.
template <class Handler, class Action, class IoExecutor>
void start_operation(Handler&& h, Action action, const IoExecutor& io)
{
  using handler_type = std::decay_t<Handler>;
  using attempt_type = first_attempt<handler_type, Action, IoExecutor>;
  using sender_type = sender<handler_type, IoExecutor, owner_of<Action>>;
  const handler_type& handler = h;
  const auto places = [&] {
    return handler_places<handler_type, IoExecutor>(handler, io, action.owner->get_hub());
  };
  const bool cancellable = asio::get_associated_cancellation_slot(handler).is_connected();
  const bool asleep = action.has_nothing(cancellable);
  if (cancellable || asleep) {
    auto p = places();
    operation_for<handler_type, Action, IoExecutor>::make(handler_type(std::forward<Handler>(h)),
                                                          std::move(action), std::move(p))
        ->start(io, asleep);
  } else if constexpr (attempt_type::travels_light) {
    sender_type send(handler, io, io, true, *action.owner);
    send(attempt_type(std::forward<Handler>(h), std::move(action), {}));
  } else {
    auto p = places();
    const auto executor = p.executor();
    sender_type send(handler, io, executor, p.at_home(), *action.owner);
    send(attempt_type(std::forward<Handler>(h), std::move(action), std::move(p)));
  }
}

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
