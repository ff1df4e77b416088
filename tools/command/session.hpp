#pragma once

#include "shmbus/async/asio.hpp"

#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <chrono>

namespace shmbus::command {

class shared_descriptor;

/// Runs the coroutine of a command until it is done, or cut short: by Ctrl-C, SIGTERM or SIGHUP,
/// the end of its time, or the loss of its reader.
class session {
public:
  enum class end { done, interrupted, timed_out, nobody_reads };

  /// The time begins now. Signals are noticed from here on.
  explicit session(std::chrono::nanoseconds timeout);

  asio::io_context& context() noexcept { return context_; }

  /// Cut short by this one's being ready, if it is given.
  void watch(shared_descriptor& reader);

  /// The work is, or was, cancelled.
  bool is_cut_short() const noexcept { return end_ != end::done; }

  /// Throws what the work throws. The work is cancelled, and has ended, when this returns.
  end run(asio::awaitable<void> work);

private:
  void cut_short(end why);

  asio::io_context context_{1};
  asio::signal_set signals_;
  asio::steady_timer timer_;
  asio::cancellation_signal cancel_;
  end end_ = end::done;
};

/// Lets signals and timers through where a loop has no reason to wait.
asio::awaitable<void> breathe();

}  // namespace shmbus::command
