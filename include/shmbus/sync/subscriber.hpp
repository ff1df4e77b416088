#pragma once

#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/message.hpp"
#include "shmbus/sync/broker.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>

namespace shmbus::sync {

/// Receives the messages whose topics match its patterns; blocking calls.
///
/// From one publisher messages come in the order in which it published them; there is no order
/// between publishers. Each message comes at most once, also if several patterns match.
/// Errors of every receive:
///   errc::too_many_held   max_held messages of this subscriber are alive
///   errc::busy            another thread is receiving on this subscriber
///   errc::closed          close() was called, or this client was declared dead
///   errc::forked          the handle belongs to the parent process
/// Threads   one receive at a time; subscribe, unsubscribe, lost and close from any thread
class SHMBUS_API subscriber {
public:
  /// Joins the bus. Errors: errc::too_many_clients, invalid_config, no_space, forked.
  explicit subscriber(broker& bus, subscriber_options options = {});
  /// The same without exceptions. If `ec` is set it may only be destroyed, closed or assigned to.
  subscriber(broker& bus, subscriber_options options, std::error_code& ec);
  /// What was moved from may only be destroyed, closed or assigned to.
  subscriber(subscriber&&) noexcept;
  /// Leaves the bus it was on before.
  subscriber& operator=(subscriber&&) noexcept;
  /// Leaves the bus. Messages it handed out stay valid.
  ~subscriber();

  /// Adds a pattern. A publish that begins after this returned reaches this subscriber.
  /// Subscribing to what is subscribed already does nothing.
  /// Errors: errc::invalid_pattern, too_many_subscriptions, no_space, closed, forked.
  void subscribe(std::string_view pattern);
  /// The same without exceptions.
  void subscribe(std::string_view pattern, std::error_code& ec);

  /// Takes a pattern away; messages that are queued still come. Nothing happens if it is not there.
  void unsubscribe(std::string_view pattern);
  /// The same without exceptions.
  void unsubscribe(std::string_view pattern, std::error_code& ec);

  /// Blocks until there is a message.
  message receive();
  message receive(std::error_code& ec);  ///< an empty message if `ec` is set

  /// What is there now, or nothing. Never blocks, and makes no system call but to wake a publisher that
  /// waits for room.
  std::optional<message> try_receive();
  /// The same without exceptions: nothing if `ec` is set.
  std::optional<message> try_receive(std::error_code& ec);

  /// Blocks for at most that long; nothing if no message came.
  std::optional<message> receive_for(std::chrono::nanoseconds d);
  /// The same without exceptions: nothing if `ec` is set.
  std::optional<message> receive_for(std::chrono::nanoseconds d, std::error_code& ec);
  /// Blocks until `deadline` at most; nothing if no message came.
  std::optional<message> receive_until(std::chrono::steady_clock::time_point deadline);
  /// The same without exceptions: nothing if `ec` is set.
  std::optional<message> receive_until(std::chrono::steady_clock::time_point deadline,
                                       std::error_code& ec);

  /// Blocks until there is one message, then fills `out` with what is there; returns how many.
  std::size_t receive_batch(std::span<message> out);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t receive_batch(std::span<message> out, std::error_code& ec);

  /// Messages lost so far, all reasons together.
  std::uint64_t lost() const noexcept;

  /// A descriptor that is readable while a message is there, for event loops other than Asio's
  /// (epoll, libuv, GLib, Qt): wait until it is readable, then call try_receive().
  ///
  /// Level-triggered: it stays readable until a try_receive() comes back with nothing. Made on the
  /// first call and owned by the subscriber; do not read from it or close it.
  /// Errors: errc::too_many_clients (no bell is left), closed, forked, busy, or the system's.
  int native_handle();
  int native_handle(std::error_code& ec);  ///< -1 if `ec` is set

  /// Its place on the bus, as `shmbus info` shows it.
  client_id id() const noexcept;

  /// Leaves the bus; a receive that waits returns errc::closed.
  void close() noexcept;

private:
  struct SHMBUS_LOCAL state;
  std::unique_ptr<state> state_;
};

}  // namespace shmbus::sync
