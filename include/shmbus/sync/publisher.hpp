#pragma once

#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/message.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/sync/broker.hpp"
#include "shmbus/topic.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <system_error>

namespace shmbus::sync {

/// Publishes messages; blocking calls with a deadline where they can wait.
///
/// Each publish returns how many subscribers it reached. It waits only for subscribers that asked
/// for back-pressure (overflow::block) and have no room.
/// Errors of every publish:
///   errc::message_too_large   larger than the bus's buffer_size
///   errc::buffer_full         all message memory is queued or held; nobody got it
///   errc::no_space            the file system is full; nobody got it
///   errc::closed              close() was called, or this client was declared dead
///   errc::corrupt             another process wrote where it must not
///   errc::forked              the handle belongs to the parent process
///   std::errc::invalid_argument   of a loan: it is empty, or another publisher's
/// Threads   one publisher may be used by many threads at once; they take turns
class SHMBUS_API publisher {
public:
  /// Joins the bus. Errors: errc::too_many_clients, no_space, forked.
  explicit publisher(broker& bus, publisher_options options = {});
  /// The same without exceptions. If `ec` is set it may only be destroyed, closed or assigned to.
  publisher(broker& bus, publisher_options options, std::error_code& ec);
  /// What was moved from may only be destroyed, closed or assigned to.
  publisher(publisher&&) noexcept;
  /// Leaves the bus it was on before.
  publisher& operator=(publisher&&) noexcept;
  /// Leaves the bus. What was published stays readable for those who had it queued.
  ~publisher();

  /// Publishes; waits as long as a subscriber exerts back-pressure.
  std::size_t publish(const topic& t, const payload_view& payload);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t publish(const topic& t, const payload_view& payload, std::error_code& ec);

  /// Publishes if that is possible without waiting. errc::queue_full if a subscriber with
  /// overflow::block has no room: then nobody got it, so trying again duplicates nothing.
  std::size_t try_publish(const topic& t, const payload_view& payload);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t try_publish(const topic& t, const payload_view& payload, std::error_code& ec);

  /// Waits at most that long; errc::timed_out: nobody got it.
  std::size_t publish_for(const topic& t, const payload_view& payload, std::chrono::nanoseconds d);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t publish_for(const topic& t, const payload_view& payload, std::chrono::nanoseconds d,
                          std::error_code& ec);
  /// Waits until `deadline` at most; errc::timed_out: nobody got it.
  std::size_t publish_until(const topic& t, const payload_view& payload,
                            std::chrono::steady_clock::time_point deadline);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t publish_until(const topic& t, const payload_view& payload,
                            std::chrono::steady_clock::time_point deadline, std::error_code& ec);

  /// Memory for `size` bytes, to be published on `t` without a copy. Errors: message_too_large,
  /// buffer_full, no_space, closed, forked.
  shmbus::loan loan(const topic& t, std::size_t size);
  /// The same without exceptions: an empty loan if `ec` is set.
  shmbus::loan loan(const topic& t, std::size_t size, std::error_code& ec);
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

  /// Publishes a loan of this publisher. If it throws or sets `ec`, the loan still is the caller's.
  std::size_t publish(shmbus::loan&& l);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t publish(shmbus::loan&& l, std::error_code& ec);
  /// Publishes a loan if that is possible without waiting. If it throws or sets `ec`, the loan still
  /// is the caller's.
  std::size_t try_publish(shmbus::loan&& l);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t try_publish(shmbus::loan&& l, std::error_code& ec);
  /// publish() for a typed loan.
  template <class T>
  std::size_t publish(typed_loan<T>&& l)
  {
    return publish(std::move(l).untyped());
  }
  /// publish() for a typed loan, without exceptions.
  template <class T>
  std::size_t publish(typed_loan<T>&& l, std::error_code& ec)
  {
    return publish(std::move(l).untyped(), ec);
  }
  /// try_publish() for a typed loan.
  template <class T>
  std::size_t try_publish(typed_loan<T>&& l)
  {
    return try_publish(std::move(l).untyped());
  }
  /// try_publish() for a typed loan, without exceptions.
  template <class T>
  std::size_t try_publish(typed_loan<T>&& l, std::error_code& ec)
  {
    return try_publish(std::move(l).untyped(), ec);
  }

  /// How many subscribers a message on `t` would reach now. Errors: closed, corrupt, forked.
  std::size_t subscribers(const topic& t);
  /// The same without exceptions: 0 if `ec` is set.
  std::size_t subscribers(const topic& t, std::error_code& ec);

  /// Waits until at least `n` subscribers match `t`; false if `d` passed first. Errors: those of
  /// subscribers(); too_many_clients: all bells of the bus are taken.
  bool wait_for_subscribers(const topic& t, std::size_t n,
                            std::chrono::nanoseconds d = std::chrono::nanoseconds::max());
  /// The same without exceptions: false if `ec` is set.
  bool wait_for_subscribers(const topic& t, std::size_t n, std::chrono::nanoseconds d,
                            std::error_code& ec);

  /// What message::publisher() says of its messages.
  client_id id() const noexcept;

  /// Leaves the bus; calls that wait return errc::closed.
  void close() noexcept;

private:
  struct SHMBUS_LOCAL state;
  std::unique_ptr<state> state_;
};

}  // namespace shmbus::sync
