#include "command/session.hpp"

#include "command/options.hpp"
#include "command/shared_descriptor.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace shmbus::command {

session::session(std::chrono::nanoseconds timeout)
    : signals_(context_, SIGINT, SIGTERM, SIGHUP), timer_(context_)
{
  signals_.async_wait([this](std::error_code ec, int) {
    if (!ec) cut_short(end::interrupted);
  });
  if (timeout == no_timeout) return;
  timer_.expires_after(timeout);
  timer_.async_wait([this](std::error_code ec) {
    if (!ec) cut_short(end::timed_out);
  });
}

void session::watch(shared_descriptor& reader)
{
  if (!reader.can_wait()) return;
  asio::co_spawn(context_, reader.wait(), [this](std::exception_ptr failed) {
    if (!failed) cut_short(end::nobody_reads);
  });
}

session::end session::run(asio::awaitable<void> work)
{
  std::exception_ptr failed;
  asio::co_spawn(context_, std::move(work),
                 asio::bind_cancellation_slot(cancel_.slot(), [&](std::exception_ptr e) {
                   failed = std::move(e);
                   context_.stop();
                 }));
  context_.run();
  // Cut short, the work ends with "operation aborted", which is not a failure.
  if (failed && end_ == end::done) std::rethrow_exception(failed);
  return end_;
}

void session::cut_short(end why)
{
  if (end_ != end::done) return;
  end_ = why;
  std::error_code ignored;
  signals_.clear(ignored);  // so that a second Ctrl-C ends the process whatever it does
  cancel_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> breathe()
{
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

}  // namespace shmbus::command
