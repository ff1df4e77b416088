#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation_for.hpp"
#include "shmbus/async/waiting_action.hpp"
#include "shmbus/config.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/errc.hpp"

#include <concepts>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI {

namespace async_detail {

/// The system executor has no event loop that belongs to the program: nothing would ever end what
/// waits there. Use an io_context or a thread_pool.
template <class Executor>
inline constexpr bool has_event_loop = !std::same_as<Executor, asio::system_executor>;

/// Waits until a broker is closed.
struct closed_action : waiting_action<closed_action, hub> {
  explicit closed_action(std::shared_ptr<async_detail::hub> h) : waiting_action{std::move(h)} {}

  wait_list& list() noexcept { return owner->closing(); }
  hub::no_client& client() noexcept { return none_; }
  bool try_once(std::error_code&) { return owner->closed(); }
  bool worth_trying() noexcept { return owner->closed(); }
  void finished(const operation*) noexcept {}

private:
  hub::no_client none_;
};

}  // namespace async_detail

/// One process's handle on a bus, for the programs of one Asio execution context.
///
/// Opens the bus or makes it, by name; no daemon is involved. Everything that waits on this bus
/// through this broker shares one bell and one descriptor, however many subscribers there are.
/// Executor   the I/O executor: default for completion handlers, and where the descriptor is awaited
/// Threads    all functions may be called at the same time, except moving and destroying
/// Lifetime   publishers, subscribers, messages and loans keep what they need of the bus, so they
///            may outlive the broker; like all I/O objects they must be destroyed before, or by, the
///            execution context
template <class Executor = asio::any_io_executor>
class basic_broker {
public:
  static_assert(async_detail::has_event_loop<Executor>);
  /// Asio's name for it.
  using executor_type = Executor;
  /// The same for another executor, for example one with a default completion token.
  template <class Other>
  struct rebind_executor {
    using other = basic_broker<Other>;  ///< the rebound type
  };

  /// Opens or makes the bus.
  ///
  /// Errors   errc::invalid_name, invalid_config, no_such_directory, no_such_bus, already_exists,
  ///          permission_denied, no_space, config_mismatch, version_mismatch, corrupt;
  ///          errc::busy if another process was stuck for a second while it removed the bus
  explicit basic_broker(const Executor& executor, const broker_config& config = {})
      : executor_(executor)
  {
    std::error_code ec;
    open(config, ec);
    shmbus::detail::throw_if(ec, ec ? "cannot open " + shmbus::detail::describe(config) : "");
  }

  /// The same without exceptions: not is_open() afterwards if `ec` is set. Such a broker can be closed,
  /// moved and destroyed; publishers and subscribers on it give errc::closed; no more.
  basic_broker(const Executor& executor, const broker_config& config, std::error_code& ec)
      : executor_(executor)
  {
    ec.clear();
    open(config, ec);
  }

  /// The same on the executor of an io_context or thread_pool.
  template <class Context>
    requires std::derived_from<Context, asio::execution_context>
  explicit basic_broker(Context& context, const broker_config& config = {})
      : basic_broker(Executor(context.get_executor()), config)
  {
    static_assert(async_detail::has_event_loop<typename Context::executor_type>);
  }
  template <std::same_as<asio::system_executor> NoEventLoop>
  explicit basic_broker(const NoEventLoop&,
                        const broker_config& = {}) = delete;  // see async_detail::has_event_loop

  /// The same without exceptions, on the executor of an io_context or thread_pool.
  template <class Context>
    requires std::derived_from<Context, asio::execution_context>
  basic_broker(Context& context, const broker_config& config, std::error_code& ec)
      : basic_broker(Executor(context.get_executor()), config, ec)
  {
  }

  /// The I/O executor.
  const executor_type& get_executor() const noexcept { return executor_; }
  /// Whether it has a bus: false only after a constructor that set its `ec`.
  bool is_open() const noexcept { return hub_ != nullptr; }

  /// The limits in force: those of the process that made the bus.
  const broker_config& config() const noexcept { return shmbus::detail::config_of(*hub_->bus()); }

  /// Closes all its publishers and subscribers, whose pending operations complete with errc::closed,
  /// and completes those that wait for it. No new ones can be made.
  void close()
  {
    if (hub_) hub_->close();
  }

  /// Waits until close() was called: for work that should end with the broker.
  ///
  /// Completes   after close(), on the executor of `token`, never inside this call
  /// Signature   void(error_code)
  /// Errors      asio::error::operation_aborted: cancelled
  /// Cancels     terminal, partial and total
  /// Threads     safe; any number may be pending
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_wait_closed(Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code)>(
        initiate_wait_closed{executor_, hub_}, token);
  }

  /// How this process is woken: "uring" or "thread"; empty before anything waited.
  const char* wakeup() const { return hub_ ? hub_->backend() : ""; }

  /// For publishers and subscribers.
  const std::shared_ptr<async_detail::hub>& implementation() const noexcept { return hub_; }
  /// For publishers and subscribers.
  void throw_if_not_joined(const std::error_code& ec, const char* context) const
  {
    shmbus::detail::throw_if_not_joined(hub_ ? hub_->bus().get() : nullptr, ec, context);
  }

private:
  struct initiate_wait_closed {
    Executor executor;
    std::shared_ptr<async_detail::hub> hub;

    using executor_type = Executor;
    const executor_type& get_executor() const noexcept { return executor; }

    template <class Handler>
    void operator()(Handler&& handler) const
    {
      async_detail::start_operation(std::forward<Handler>(handler),
                                    async_detail::closed_action(hub), executor);
    }
  };

  void open(const broker_config& config, std::error_code& ec)
  {
    if (auto bus = shmbus::detail::open_bus(config, ec))
      hub_ = std::make_shared<async_detail::hub>(executor_, std::move(bus));
  }

  Executor executor_;
  std::shared_ptr<async_detail::hub> hub_;
};

/// On any executor: the usual choice.
using broker = basic_broker<>;

namespace async_detail {

/// Makes the state of a publisher or subscriber, which its hub knows from then on. Null if `ec` is set.
template <class State, class Executor, class Options>
std::shared_ptr<State> join(const basic_broker<Executor>& bus, const Options& options,
                            std::error_code& ec)
{
  if (!bus.is_open() || bus.implementation()->closed()) {
    ec = errc::closed;
    return nullptr;
  }
  auto state = std::make_shared<State>(bus.implementation(), options, ec);
  if (!ec && !bus.implementation()->add(*state, state->slot(), bus.get_executor())) {
    state->close();
    ec = errc::closed;
  }
  return ec ? nullptr : std::move(state);
}

}  // namespace async_detail

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI
