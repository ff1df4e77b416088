#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/broker.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation_for.hpp"
#include "shmbus/async/waiting_action.hpp"
#include "shmbus/config.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/topic.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI {

namespace async_detail {

/// What a publisher and its pending operations share.
class publisher_state final : public hub_client {
public:
  publisher_state(std::shared_ptr<async_detail::hub> h, publisher_options options,
                  std::error_code& ec)
      : hub_client(true), hub_(std::move(h)), writer(hub_->bus(), options, ec)
  {
  }
  ~publisher_state() { hub_->remove(*this); }

  async_detail::hub& get_hub() noexcept { return *hub_; }
  std::uint32_t slot() const noexcept { return writer.id().slot; }

  void close() override
  {
    writer.close();
    hub_->wake_all(waiting);
    hub_->wake_all(watching);
  }

  /// An operation waits for subscribers from now on, or does so no more.
  void watch()
  {
    const std::lock_guard guard(watch_mutex_);
    if (watchers_++ == 0) writer.ask_for_subscribers(true);
  }
  void end_watch()
  {
    const std::lock_guard guard(watch_mutex_);
    if (--watchers_ == 0) writer.ask_for_subscribers(false);
  }

  /// Whether a coroutine may publish once more without a trip through the executor. Threads that ask
  /// at the same time may count once.
  bool may_go_on() noexcept
  {
    const unsigned n = in_a_row_.load(std::memory_order_relaxed) + 1;
    in_a_row_.store(n, std::memory_order_relaxed);
    return n % 64 != 0;
  }

private:
  std::shared_ptr<async_detail::hub> hub_;
  std::mutex watch_mutex_;
  unsigned watchers_ = 0;
  std::atomic<unsigned> in_a_row_{0};

public:
  shmbus::detail::writer_handle writer;
};

/// Publishes; those who wait for room take turns, first come, first served.
template <class Derived>
struct publish_base : waiting_action<Derived, publisher_state, std::size_t> {
  explicit publish_base(std::shared_ptr<publisher_state> o)
      : waiting_action<Derived, publisher_state, std::size_t>{std::move(o)}
  {
  }

  wait_list& list() noexcept { return this->owner->waiting; }
  core::writer& client() noexcept { return this->owner->writer.implementation(); }
  bool try_once(std::error_code& ec, std::size_t& reached)
  {
    reached = static_cast<Derived&>(*this).publish(ec);
    if (!ec || ec != errc::queue_full) return true;
    ec.clear();
    return false;
  }
  void finished(const operation* self)
  {
    if (!this->waited) return;
    this->owner->writer.stop_asking();
    this->owner->get_hub().next(list(), self);  // which asks for itself
  }
};

/// A copy of the caller's bytes, which stay the caller's until completion.
struct publish_action : publish_base<publish_action> {
  const topic* where;
  payload_view what;

  publish_action(std::shared_ptr<publisher_state> o, const topic* t, payload_view p)
      : publish_base(std::move(o)), where(t), what(p)
  {
  }
  std::size_t publish(std::error_code& ec) { return owner->writer.try_publish(*where, what, ec); }
  bool worth_trying() { return owner->writer.ask_for_space(*where); }
};

/// A loan; it goes back unused if the operation fails.
struct publish_loan_action : publish_base<publish_loan_action> {
  shmbus::loan what;

  publish_loan_action(std::shared_ptr<publisher_state> o, shmbus::loan&& l)
      : publish_base(std::move(o)), what(std::move(l))
  {
  }
  std::size_t publish(std::error_code& ec) { return owner->writer.try_publish(what, ec); }
  bool worth_trying() { return owner->writer.ask_for_space(what); }
};

/// Waits until enough subscribers match a topic.
struct watch_action : waiting_action<watch_action, publisher_state, std::size_t> {
  const topic* where;
  std::size_t wanted;
  bool asked = false;

  watch_action(std::shared_ptr<publisher_state> o, const topic* t, std::size_t n)
      : waiting_action{std::move(o)}, where(t), wanted(n)
  {
  }
  wait_list& list() noexcept { return owner->watching; }
  core::writer& client() noexcept { return owner->writer.implementation(); }
  bool try_once(std::error_code& ec, std::size_t& count)
  {
    if (!asked) owner->watch();
    asked = true;
    count = owner->writer.subscribers(*where, ec);
    return ec || count >= wanted;
  }
  bool worth_trying()
  {
    std::error_code ec;
    return owner->writer.subscribers(*where, ec) >= wanted || ec;
  }
  void finished(const operation*)
  {
    if (asked) owner->end_watch();
  }
};

}  // namespace async_detail

/// Publishes messages; every wait is an Asio operation.
///
/// Each publish gives the number of subscribers it reached. It waits only for subscribers that asked
/// for back-pressure (overflow::block) and have no room.
/// Errors of every publish:
///   errc::message_too_large   larger than the bus's buffer_size
///   errc::buffer_full         all message memory is queued or held; nobody got it
///   errc::no_space            the file system is full; nobody got it
///   errc::closed              close() was called, or this client was taken for dead
///   errc::corrupt             another process wrote where it must not
///   errc::forked              the handle belongs to the parent process
///   std::errc::invalid_argument   of a loan: it is empty, or another publisher's
/// Threads    one publisher may be used by many threads at once; waiting operations take turns
/// Lifetime   destroying it closes it: pending operations complete with errc::closed
template <class Executor = asio::any_io_executor>
class basic_publisher {
public:
  /// Asio's name for it.
  using executor_type = Executor;
  /// The same for another executor, for example one with a default completion token.
  template <class Other>
  struct rebind_executor {
    using other = basic_publisher<Other>;  ///< the rebound type
  };

  /// Joins the bus. Errors: errc::too_many_clients, no_space, forked, closed.
  explicit basic_publisher(basic_broker<Executor>& bus, publisher_options options = {})
      : executor_(bus.get_executor())
  {
    std::error_code ec;
    state_ = async_detail::join<async_detail::publisher_state>(bus, options, ec);
    bus.throw_if_not_joined(ec, "cannot make a publisher");
  }
  /// The same without exceptions: every call then gives errc::closed if `ec` is set, but for
  /// the asynchronous ones and id(), which need a publisher that joined.
  basic_publisher(basic_broker<Executor>& bus, publisher_options options, std::error_code& ec)
      : executor_(bus.get_executor())
  {
    ec.clear();
    state_ = async_detail::join<async_detail::publisher_state>(bus, options, ec);
  }
  /// Pending operations go on. What was moved from may only be destroyed, closed or assigned to.
  basic_publisher(basic_publisher&&) noexcept = default;
  /// Closes what it was before.
  basic_publisher& operator=(basic_publisher&& other) noexcept
  {
    if (this != &other) {
      close();
      executor_ = other.executor_;
      state_ = std::move(other.state_);
    }
    return *this;
  }
  /// Closes it.
  ~basic_publisher() { close(); }

  /// The broker's I/O executor.
  const executor_type& get_executor() const noexcept { return executor_; }

  /// Publishes if that is possible without waiting. errc::queue_full if a subscriber with
  /// overflow::block has no room: then nobody got it, so trying again duplicates nothing.
  std::size_t try_publish(const topic& t, payload_view payload)
  {
    std::error_code ec;
    const std::size_t reached = try_publish(t, payload, ec);
    shmbus::detail::throw_if(ec, "cannot publish");
    return reached;
  }
  /// The same without exceptions.
  std::size_t try_publish(const topic& t, payload_view payload, std::error_code& ec)
  {
    ec.clear();
    return is_open(ec) ? state_->writer.try_publish(t, payload, ec) : 0;
  }
  /// A failed try leaves the loan with the caller.
  std::size_t try_publish(shmbus::loan&& l)
  {
    std::error_code ec;
    const std::size_t reached = try_publish(std::move(l), ec);
    shmbus::detail::throw_if(ec, "cannot publish a loan");
    return reached;
  }
  /// The same without exceptions; if `ec` is set the loan is still the caller's.
  std::size_t try_publish(shmbus::loan&& l, std::error_code& ec)
  {
    ec.clear();
    return is_open(ec) ? state_->writer.try_publish(l, ec) : 0;
  }
  /// The same for a typed loan.
  template <class T>
  std::size_t try_publish(typed_loan<T>&& l)
  {
    return try_publish(std::move(l).untyped());
  }
  /// The same for a typed loan, without exceptions.
  template <class T>
  std::size_t try_publish(typed_loan<T>&& l, std::error_code& ec)
  {
    return try_publish(std::move(l).untyped(), ec);
  }

  /// Memory for `size` bytes, to be published on `t` without a copy. Errors: message_too_large,
  /// buffer_full, no_space, closed, forked.
  shmbus::loan loan(const topic& t, std::size_t size)
  {
    std::error_code ec;
    auto l = loan(t, size, ec);
    shmbus::detail::throw_if(ec, "cannot lend");
    return l;
  }
  /// The same without exceptions: an empty loan if `ec` is set.
  shmbus::loan loan(const topic& t, std::size_t size, std::error_code& ec)
  {
    ec.clear();
    return is_open(ec) ? state_->writer.lend(t, size, ec) : shmbus::loan{};
  }
  /// The same, typed: a value-initialised T in place.
  template <class T>
  typed_loan<T> loan(const topic& t)
  {
    return typed_loan<T>(loan(t, sizeof(T)));
  }
  /// The same without exceptions: an empty loan if `ec` is set.
  template <class T>
  typed_loan<T> loan(const topic& t, std::error_code& ec)
  {
    return typed_loan<T>(loan(t, sizeof(T), ec));
  }

  /// Publishes; waits while a subscriber exerts back-pressure.
  ///
  /// Completes   when it is published, on the executor of `token`, never inside this call; `t` and
  ///             the payload must stay until then
  /// Signature   void(error_code, std::size_t reached)
  /// Errors      see above; asio::error::operation_aborted: cancelled, and nobody got it; at the first
  ///             wait errc::too_many_clients (all bells of the bus are taken) or the system's
  /// Cancels     terminal, partial and total; published wholly or not at all
  /// Threads     safe; operations that wait complete in the order in which they came
  /// Cost        room there: one post; none: one wake-up
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_publish(const topic& t, payload_view payload,
                     Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code, std::size_t)>(
        initiate<async_detail::publish_action>{this}, token, &t, payload);
  }

  /// The same for a loan, which goes back unused if the operation fails.
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_publish(shmbus::loan&& l, Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code, std::size_t)>(initiate_loan{this},
                                                                            token, std::move(l));
  }
  /// The same for a typed loan.
  template <class T, class Token = asio::default_completion_token_t<Executor>>
  auto async_publish(typed_loan<T>&& l,
                     Token&& token = asio::default_completion_token_t<Executor>())
  {
    return async_publish(std::move(l).untyped(), std::forward<Token>(token));
  }

  /// Publishes, as an awaitable. `t` and the payload must stay until it returns.
  ///
  /// Without a trip through the executor if nobody has to be waited for, but for each 64th message, so
  /// that a loop can't starve its neighbours; and never if it can be cancelled, so that a publish that
  /// loses `publish() || timer` has reached nobody.
  /// Throws      what async_publish() completes with, as shmbus::error (with Boost too)
  asio::awaitable<std::size_t> publish(const topic& t, payload_view payload)
  {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (goes_on(cancellation)) {
      std::error_code ec;
      const std::size_t reached = try_publish(t, payload, ec);
      if (!ec) co_return reached;
      if (ec != errc::queue_full) shmbus::detail::throw_if(ec, "cannot publish");
    }
    async_error_code ec;
    const auto reached =
        co_await async_detail::initiate_awaitable<void(async_error_code, std::size_t)>(
            initiate<async_detail::publish_action>{this}, ec, &t, payload);
    shmbus::detail::throw_if(ec, "cannot publish");
    co_return reached;
  }
  /// The same for a loan, which goes back unused if the publish fails.
  asio::awaitable<std::size_t> publish(shmbus::loan l)
  {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (goes_on(cancellation)) {
      std::error_code ec;
      const std::size_t reached = try_publish(std::move(l), ec);
      if (!ec) co_return reached;
      if (ec != errc::queue_full) shmbus::detail::throw_if(ec, "cannot publish a loan");
    }
    async_error_code ec;
    const auto reached =
        co_await async_detail::initiate_awaitable<void(async_error_code, std::size_t)>(
            initiate_loan{this}, ec, std::move(l));
    shmbus::detail::throw_if(ec, "cannot publish a loan");
    co_return reached;
  }
  /// The same for a typed loan.
  template <class T>
  asio::awaitable<std::size_t> publish(typed_loan<T>&& l)
  {
    return publish(shmbus::loan(std::move(l).untyped()));
  }

  /// How many subscribers a message on `t` would reach now.
  std::size_t subscribers(const topic& t)
  {
    std::error_code ec;
    const std::size_t count = is_open(ec) ? state_->writer.subscribers(t, ec) : 0;
    shmbus::detail::throw_if(ec, "cannot count subscribers");
    return count;
  }

  /// Waits until at least `n` subscribers match `t`, which must stay until completion.
  ///
  /// Completes   when they are there, on the executor of `token`, never inside this call
  /// Signature   void(error_code, std::size_t how_many)
  /// Errors      errc::closed, forked; asio::error::operation_aborted; at the first wait as
  ///             async_publish()
  /// Cancels     terminal, partial and total
  /// Threads     safe; any number may be pending
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_wait_for_subscribers(const topic& t, std::size_t n,
                                  Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code, std::size_t)>(
        initiate<async_detail::watch_action>{this}, token, &t, n);
  }

  /// What message::publisher() says of its messages.
  client_id id() const noexcept { return state_->writer.id(); }

  /// Leaves the bus; pending operations complete with errc::closed.
  void close() noexcept
  {
    if (state_) state_->close();
  }

private:
  // One that is closed says so at once.
  template <class Cancellation>
  bool goes_on(const Cancellation& c) const noexcept
  {
    return !state_ || (!c.slot().is_connected() && state_->may_go_on());
  }

  bool is_open(std::error_code& ec) const noexcept
  {
    if (!state_) ec = errc::closed;
    return state_ != nullptr;
  }

  template <class Action>
  struct initiate {
    basic_publisher* self;

    using executor_type = Executor;
    const executor_type& get_executor() const noexcept { return self->executor_; }

    template <class Handler, class What>
    void operator()(Handler&& handler, const topic* t, What what) const
    {
      async_detail::start_operation(std::forward<Handler>(handler), Action(self->state_, t, what),
                                    self->executor_);
    }
  };

  struct initiate_loan {
    basic_publisher* self;

    using executor_type = Executor;
    const executor_type& get_executor() const noexcept { return self->executor_; }

    template <class Handler>
    void operator()(Handler&& handler, shmbus::loan&& l) const
    {
      async_detail::start_operation(std::forward<Handler>(handler),
                                    async_detail::publish_loan_action(self->state_, std::move(l)),
                                    self->executor_);
    }
  };

  Executor executor_;
  std::shared_ptr<async_detail::publisher_state> state_;
};

/// On any executor: the usual choice.
using publisher = basic_publisher<>;

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI
