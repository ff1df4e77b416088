#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/broker.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation_for.hpp"
#include "shmbus/async/waiting_action.hpp"
#include "shmbus/config.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/message.hpp"
#include "shmbus/pattern.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace shmbus::inline SHMBUS_ASYNC_ABI {

namespace async_detail {

/// What a subscriber and its pending receive share.
class subscriber_state final : public hub_client {
public:
  subscriber_state(std::shared_ptr<async_detail::hub> h, const subscriber_options& options,
                   std::error_code& ec)
      : hub_client(false), hub_(std::move(h)), reader(hub_->bus(), options, ec)
  {
  }
  ~subscriber_state() { hub_->remove(*this); }

  async_detail::hub& get_hub() noexcept { return *hub_; }
  std::uint32_t slot() const noexcept { return reader.id().slot; }

  void close() override
  {
    reader.close();
    hub_->wake_all(waiting);  // a pending receive finds it closed
  }

private:
  std::shared_ptr<async_detail::hub> hub_;

public:
  shmbus::detail::reader_handle reader;
};

/// The right to be the one receive that is pending on a subscriber; empty if another one has it.
class receive_right {
public:
  explicit receive_right(shmbus::detail::reader_handle& r) noexcept
      : reader_(r.begin_receive() ? &r : nullptr)
  {
  }
  receive_right(receive_right&& other) noexcept : reader_(std::exchange(other.reader_, nullptr)) {}
  ~receive_right() { give_up(); }

  explicit operator bool() const noexcept { return reader_ != nullptr; }
  void give_up() noexcept
  {
    if (auto* r = std::exchange(reader_, nullptr)) r->end_receive();
  }

private:
  shmbus::detail::reader_handle* reader_;
};

/// What the waiting operations of a subscriber have in common: there is one at a time.
template <class Derived, class... Results>
struct subscriber_action : waiting_action<Derived, subscriber_state, Results...> {
  receive_right is_the_one;  // else another one is pending, and this one only says so
  bool tried;                // just before, in vain

  subscriber_action(std::shared_ptr<subscriber_state> o, bool in_vain)
      : waiting_action<Derived, subscriber_state, Results...>{std::move(o)},
        is_the_one(this->owner->reader),
        tried(in_vain)
  {
  }

  wait_list& list() noexcept { return this->owner->waiting; }
  core::reader& client() noexcept { return this->owner->reader.implementation(); }
  bool worth_trying() noexcept { return this->owner->reader.readable(); }
  // A look costs little beside what a cancellable operation costs, and much beside a post.
  bool has_nothing(bool cancellable) noexcept
  {
    if (!is_the_one || spin_for().count() > 0) return false;
    return tried || (cancellable && !worth_trying());
  }
  std::chrono::nanoseconds spin_for() const noexcept { return this->owner->reader.spin_for(); }
  bool try_once(std::error_code& ec, Results&... results)
  {
    if (is_the_one) return static_cast<Derived&>(*this).take(ec, results...);
    ec = errc::busy;
    return true;
  }
  void finished(const operation*) noexcept { is_the_one.give_up(); }
};

struct receive_action : subscriber_action<receive_action, message> {
  using subscriber_action::subscriber_action;

  bool take(std::error_code& ec, message& m) { return owner->reader.take(m, ec) || ec; }
};

struct receive_batch_action : subscriber_action<receive_batch_action, std::size_t> {
  std::span<message> out;

  receive_batch_action(std::shared_ptr<subscriber_state> o, bool in_vain, std::span<message> where)
      : subscriber_action(std::move(o), in_vain), out(where)
  {
  }

  bool take(std::error_code& ec, std::size_t& count)
  {
    count = owner->reader.take_some(out, ec);
    if (count != 0) ec.clear();  // what is there counts; the next receive will say what was wrong
    return count != 0 || ec || out.empty();
  }
};

struct wait_action : subscriber_action<wait_action> {
  using subscriber_action::subscriber_action;

  bool take(std::error_code& ec) { return owner->reader.readable(ec) || ec; }
};

}  // namespace async_detail

/// Receives the messages whose topics match its patterns; every wait is an Asio operation.
///
/// From one publisher messages come in the order in which it published them; there is no order
/// between publishers. Each message comes at most once, also if several patterns match.
/// Threads    one receive at a time; subscribe, unsubscribe, lost and close from any thread
/// Lifetime   destroying it closes it: a pending receive completes with errc::closed
template <class Executor = asio::any_io_executor>
class basic_subscriber {
public:
  /// Asio's name for it.
  using executor_type = Executor;
  /// The same for another executor, for example one with a default completion token.
  template <class Other>
  struct rebind_executor {
    using other = basic_subscriber<Other>;  ///< the rebound type
  };

  /// Joins the bus. Errors: errc::too_many_clients, invalid_config, no_space, forked, closed.
  explicit basic_subscriber(basic_broker<Executor>& bus, const subscriber_options& options = {})
      : executor_(bus.get_executor())
  {
    std::error_code ec;
    state_ = async_detail::join<async_detail::subscriber_state>(bus, options, ec);
    bus.throw_if_not_joined(ec, "cannot make a subscriber");
  }
  /// The same without exceptions: every call then gives errc::closed if `ec` is set, but for
  /// the asynchronous ones and id(), which need a subscriber that joined.
  basic_subscriber(basic_broker<Executor>& bus, const subscriber_options& options,
                   std::error_code& ec)
      : executor_(bus.get_executor())
  {
    ec.clear();
    state_ = async_detail::join<async_detail::subscriber_state>(bus, options, ec);
  }
  /// A pending receive goes on. What was moved from may only be destroyed, closed or assigned to.
  basic_subscriber(basic_subscriber&&) noexcept = default;
  /// Closes what it was before.
  basic_subscriber& operator=(basic_subscriber&& other) noexcept
  {
    if (this != &other) {
      close();
      executor_ = other.executor_;
      state_ = std::move(other.state_);
    }
    return *this;
  }
  /// Closes it.
  ~basic_subscriber() { close(); }

  /// The broker's I/O executor.
  const executor_type& get_executor() const noexcept { return executor_; }

  /// Adds a pattern. A publish that begins after this returned reaches this subscriber.
  /// Subscribing to what is subscribed already does nothing.
  /// Errors: errc::invalid_pattern, too_many_subscriptions, no_space, closed, forked.
  void subscribe(std::string_view pattern)
  {
    std::error_code ec;
    subscribe(pattern, ec);
    if (ec == errc::invalid_pattern) shmbus::pattern{pattern};  // throws, and says what is wrong
    shmbus::detail::throw_if(ec, "cannot subscribe");
  }
  /// The same without exceptions.
  void subscribe(std::string_view pattern, std::error_code& ec)
  {
    ec.clear();
    if (state_)
      state_->reader.subscribe(pattern, ec);
    else
      ec = errc::closed;
  }

  /// Takes a pattern away; messages that are queued still come. Nothing happens if it is not there.
  void unsubscribe(std::string_view pattern)
  {
    std::error_code ec;
    unsubscribe(pattern, ec);
    shmbus::detail::throw_if(ec, "cannot unsubscribe");
  }
  /// The same without exceptions.
  void unsubscribe(std::string_view pattern, std::error_code& ec)
  {
    ec.clear();
    if (state_)
      state_->reader.unsubscribe(pattern, ec);
    else
      ec = errc::closed;
  }

  /// What is there now, or nothing. Never waits, and makes no system call but to wake a publisher that
  /// waits for room.
  /// Errors: errc::too_many_held, busy (a receive is pending), closed, corrupt, forked.
  std::optional<message> try_receive()
  {
    std::error_code ec;
    auto m = try_receive(ec);
    shmbus::detail::throw_if(ec, "cannot receive");
    return m;
  }
  /// The same without exceptions: nothing if `ec` is set.
  std::optional<message> try_receive(std::error_code& ec)
  {
    ec.clear();
    std::optional<message> m;
    if (!state_)
      ec = errc::closed;
    else if (state_->reader.receiving())
      ec = errc::busy;
    else if (!state_->reader.take(m.emplace(), ec))
      m.reset();
    return m;
  }

  /// Fills `out` with what is there now, up to `out.size()` messages; how many. Messages that stand in
  /// it are released. Never waits, and makes no system call but to wake a publisher that waits for room.
  /// Errors: as try_receive(); none is reported while there are messages.
  std::size_t try_receive_batch(std::span<message> out)
  {
    std::error_code ec;
    const std::size_t count = try_receive_batch(out, ec);
    shmbus::detail::throw_if(ec, "cannot receive");
    return count;
  }
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t try_receive_batch(std::span<message> out, std::error_code& ec)
  {
    ec.clear();
    if (!state_)
      ec = errc::closed;
    else if (state_->reader.receiving())
      ec = errc::busy;
    else if (const std::size_t count = state_->reader.take_some(out, ec)) {
      ec.clear();  // the next receive will say what was wrong
      return count;
    }
    return 0;
  }

  /// Takes the next message; waits for one if there is none.
  ///
  /// Completes   when a message is there, on the executor of `token`, never inside this call
  /// Signature   void(error_code, message)
  /// Errors      errc::busy            another receive is pending on this subscriber
  ///             errc::closed          close() was called, or this client was taken for dead
  ///             errc::too_many_held   max_held messages of this subscriber are alive
  ///             errc::corrupt         a peer wrote garbage; its lane is used no more
  ///             errc::forked          the handle belongs to the parent process
  ///             errc::too_many_clients           at the first wait: all bells of the bus are taken
  ///             std::errc::function_not_supported, too_many_files_open and others of the system: at the
  ///                                   first wait
  ///             asio::error::operation_aborted   cancelled; no message was taken
  /// Cancels     terminal, partial and total; a cancelled receive loses no message
  /// Threads     distinct subscribers: safe; one subscriber: one receive at a time
  /// Cost        message there: one post; none there: one wake-up
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_receive(Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code, message)>(
        initiate<async_detail::receive_action>{this}, token);
  }

  /// Takes what is there, up to `out.size()` messages; waits for one if there is none.
  ///
  /// Completes   when at least one message is there, on the executor of `token`, never inside this
  ///             call; `out` must stay until then, and messages that stand in it are released
  /// Signature   void(error_code, std::size_t count)
  /// Errors      as async_receive(); if there were messages before it, the next receive reports it
  /// Cancels     terminal, partial and total; a cancelled receive loses no message
  /// Threads     as async_receive()
  /// Cost        one post, or one wake-up, for all of them
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_receive_batch(std::span<message> out,
                           Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code, std::size_t)>(
        initiate<async_detail::receive_batch_action>{this}, token, out);
  }

  /// Waits until a receive would not have to wait; takes nothing.
  ///
  /// Completes   when a message is there, on the executor of `token`, never inside this call
  /// Signature   void(error_code)
  /// Errors      errc::busy (a receive is pending), closed, forked; operation_aborted; at the first
  ///             wait as async_receive()
  /// Cancels     terminal, partial and total
  /// Threads     as async_receive()
  template <class Token = asio::default_completion_token_t<Executor>>
  auto async_wait(Token&& token = asio::default_completion_token_t<Executor>())
  {
    return asio::async_initiate<Token, void(async_error_code)>(
        initiate<async_detail::wait_action>{this}, token);
  }

  /// The next message, as an awaitable: `message m = co_await sub.receive();`
  ///
  /// Takes what is there without a trip through the executor, but yields to it after 64 messages in
  /// a row, so that it can't starve its neighbours; and each time if it can be cancelled, so that a
  /// receive that loses `receive() || timer` has taken nothing.
  /// Throws      what async_receive() completes with, as shmbus::error (with Boost too)
  /// Threads     as async_receive(); on any executor
  asio::awaitable<message> receive()
  {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool tried = !cancellation.slot().is_connected() && in_a_row_ < 64;
    if (tried) {
      if (auto m = try_receive()) {
        ++in_a_row_;
        co_return std::move(*m);
      }
    }
    in_a_row_ = 0;
    async_error_code ec;
    message m = co_await async_detail::initiate_awaitable<void(async_error_code, message)>(
        initiate<async_detail::receive_action>{this, tried}, ec);
    shmbus::detail::throw_if(ec, "cannot receive");
    co_return m;
  }

  /// Fills `out` with up to `out.size()` messages, as an awaitable; at least one, and how many.
  ///
  /// `out` must stay until it completes; messages that stand in it are released. Takes what is there
  /// without a trip through the executor, but yields to it after 64 calls in a row, earlier if the
  /// batches are large; and each time if it can be cancelled.
  /// Throws      what async_receive_batch() completes with, as shmbus::error (with Boost too)
  /// Cost        message there: no post and no memory
  asio::awaitable<std::size_t> receive_batch(std::span<message> out)
  {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const bool tried = !cancellation.slot().is_connected() && in_a_row_ < 64 && !out.empty();
    if (tried) {
      std::error_code ec;
      if (const std::size_t count = try_receive_batch(out, ec)) {
        in_a_row_ += 1 + static_cast<unsigned>(count / 32);
        co_return count;
      }
      shmbus::detail::throw_if(ec, "cannot receive");
    }
    in_a_row_ = 0;
    async_error_code ec;
    const auto count =
        co_await async_detail::initiate_awaitable<void(async_error_code, std::size_t)>(
            initiate<async_detail::receive_batch_action>{this, tried}, ec, out);
    shmbus::detail::throw_if(ec, "cannot receive");
    co_return count;
  }

  /// The same with memory of its own.
  asio::awaitable<std::vector<message>> receive_batch(std::size_t max)
  {
    std::vector<message> batch(max);
    batch.resize(co_await receive_batch(std::span(batch)));
    co_return batch;
  }

  /// Messages lost so far, all reasons together.
  std::uint64_t lost() const noexcept { return state_ ? state_->reader.lost() : 0; }

  /// Its place on the bus, as `shmbus info` shows it.
  client_id id() const noexcept { return state_->reader.id(); }

  /// Leaves the bus; a pending receive completes with errc::closed.
  void close() noexcept
  {
    if (state_) state_->close();
  }

private:
  template <class Action>
  struct initiate {
    basic_subscriber* self;
    bool tried = false;

    using executor_type = Executor;
    const executor_type& get_executor() const noexcept { return self->executor_; }

    template <class Handler, class... Arguments>
    void operator()(Handler&& handler, Arguments... arguments) const
    {
      async_detail::start_operation(std::forward<Handler>(handler),
                                    Action(self->state_, tried, arguments...), self->executor_);
    }
  };

  Executor executor_;
  std::shared_ptr<async_detail::subscriber_state> state_;
  unsigned in_a_row_ = 0;
};

/// On any executor: the usual choice.
using subscriber = basic_subscriber<>;

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI
