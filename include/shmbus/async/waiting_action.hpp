#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/async/operation.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <tuple>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail {

/// What came of an attempt: the arguments for the handler; or nothing, since the operation waits now
/// (and may be gone already), or is to be tried again through the executor.
template <class... Results>
struct attempted {
  std::optional<std::tuple<async_error_code, Results...>> done{};
  bool again = false;
};

/// What the operations of clients have in common: they try, and sleep in a list while that does not
/// succeed.
///
/// Derived gives
///   list()                    where it waits
///   client()                  whose bell it is
///   try_once(ec, results...)  whether it is done, with results or an error
///   worth_trying()            after it was entered into the list: whether not to sleep after all
///   finished(operation)       before the handler is called, or the operation dropped; null if it was
///                             made no operation
/// and may hide
///   has_nothing(cancellable)  whether it is known that there is nothing: it then sleeps at once
///   spin_for()                how long to try again and again before it sleeps
template <class Derived, class Owner, class... Results>
struct waiting_action {
  std::shared_ptr<Owner> owner;
  bool waited = false;
  std::chrono::steady_clock::time_point spin_until{};

  bool has_nothing(bool) noexcept { return false; }
  std::chrono::nanoseconds spin_for() const noexcept { return std::chrono::nanoseconds{0}; }

  attempted<Results...> aborted() { return fail(asio::error::operation_aborted); }

  /// Tries once. Nothing: it is to be made an operation and attempted.
  std::optional<std::tuple<async_error_code, Results...>> try_now()
  {
    auto& derived = static_cast<Derived&>(*this);
    std::optional<std::tuple<async_error_code, Results...>> arguments;
    if (others_come_first()) return arguments;
    arguments.emplace();
    std::error_code ec;
    const bool done = std::apply(
        [&](async_error_code&, Results&... results) { return derived.try_once(ec, results...); },
        *arguments);
    if (!done)
      arguments.reset();
    else if (ec)
      std::get<0>(*arguments) = ec;
    return arguments;
  }

  /// Puts an operation that never tried to sleep. False: it does not, and is to be attempted. True:
  /// it, and this object with it, may be gone already.
  bool sleep_at_once(operation* self)
  {
    const auto keep = owner;
    auto& derived = static_cast<Derived&>(*this);
    waited = true;
    std::error_code ec;
    return keep->get_hub().wait(
               self, derived.list(), derived.client(), [&] { return derived.worth_trying(); },
               ec) == hub::waited::waiting;
  }

  attempted<Results...> attempt(operation* self)
  {
    // The operation, and this object with it, may be gone once wait() has put it to sleep.
    const auto keep = owner;
    auto& derived = static_cast<Derived&>(*this);
    while (true) {
      if (auto done = try_now()) return {std::move(done), false};
      if (spin()) return {std::nullopt, true};
      waited = true;
      std::error_code ec;
      switch (keep->get_hub().wait(
          self, derived.list(), derived.client(), [&] { return derived.worth_trying(); }, ec)) {
        case hub::waited::waiting: return {};
        case hub::waited::ready: break;
        case hub::waited::failed: return fail(ec);
        case hub::waited::cancelled:
        case hub::waited::gone: return aborted();
      }
    }
  }

private:
  // Operations that take turns queue up; one that has waited was sent here since it is its turn.
  bool others_come_first()
  {
    const wait_list& list = static_cast<Derived&>(*this).list();
    return list.takes_turns && !waited && owner->get_hub().others_wait(list);
  }

  attempted<Results...> fail(const async_error_code& ec)
  {
    return {std::tuple<async_error_code, Results...>(ec, Results{}...), false};
  }

  bool spin()
  {
    const auto duration = static_cast<Derived&>(*this).spin_for();
    if (duration.count() <= 0) return false;
    const auto now = std::chrono::steady_clock::now();
    if (spin_until == std::chrono::steady_clock::time_point{}) spin_until = now + duration;
    return now < spin_until;
  }
};

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI::async_detail
