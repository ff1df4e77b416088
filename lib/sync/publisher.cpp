#include "shmbus/sync/publisher.hpp"

#include "core/writer.hpp"
#include "shmbus/detail/handles.hpp"
#include "sync/turnstile.hpp"
#include "sync/waiting.hpp"

#include <utility>

namespace shmbus::sync {

/// A writer, and what the one of its threads sleeps on that waits for room; the others wait for
/// that one.
struct publisher::state {
  explicit state(std::shared_ptr<core::writer> w) : writer(std::move(w)), waiting(writer->bus()) {}
  ~state() { writer->close(); }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  // Calls `attempt(ec)` until it does not fail with queue_full. `ask()` makes the full ones ring.
  template <class Attempt, class Ask>
  std::size_t publish(const shm::deadline& until, std::error_code& ec, Attempt attempt, Ask ask)
  {
    ec.clear();
    std::size_t reached = attempt(ec);
    if (!ec || ec != errc::queue_full) return reached;
    ec.clear();
    const turnstile::turn turn(one_waits, until);
    if (!turn) {
      ec = errc::timed_out;
      return 0;
    }
    core::leased_bell* bell = waiting.bell([this](auto& b) { writer->attach(b); }, ec);
    if (!bell) return 0;
    while (true) {
      ask();
      const std::uint32_t ticket = bell->arm();  // and then look again
      ec.clear();
      reached = attempt(ec);
      if (ec != errc::queue_full) break;
      if (waiting.sleep(ticket, until)) continue;
      ec.clear();
      reached = attempt(ec);
      if (ec == errc::queue_full) ec = errc::timed_out;
      break;
    }
    bell->disarm();
    writer->stop_asking();
    return reached;
  }

  std::size_t publish(const topic& t, const payload_view& payload, const shm::deadline& until,
                      std::error_code& ec)
  {
    return publish(
        until, ec, [&](std::error_code& e) { return writer->try_publish(t, payload, e); },
        [&] { writer->ask_for_space(t); });
  }

  std::shared_ptr<core::writer> writer;
  sync::waiting waiting;
  turnstile one_waits;
};

namespace {

[[gnu::cold]] void fail(const std::error_code& ec, const topic& t)
{
  detail::throw_if(ec, "cannot publish on " + std::string(t.name()));
}

std::size_t checked(std::size_t reached, const std::error_code& ec, const topic& t)
{
  if (ec) fail(ec, t);
  return reached;
}

std::size_t checked(std::size_t reached, const std::error_code& ec)
{
  detail::throw_if(ec, "cannot publish a loan");
  return reached;
}

}  // namespace

publisher::publisher(broker& bus, publisher_options options)
{
  std::error_code ec;
  *this = publisher(bus, options, ec);
  detail::throw_if_not_joined(bus.implementation().get(), ec, "cannot make a publisher");
}

publisher::publisher(broker& bus, publisher_options options, std::error_code& ec)
{
  if (!bus.is_open()) {
    ec = errc::closed;
    return;
  }
  ec.clear();
  if (auto w = core::writer::join(bus.implementation(), options, ec))
    state_ = std::make_unique<state>(std::move(w));
}

publisher::publisher(publisher&&) noexcept = default;
publisher& publisher::operator=(publisher&&) noexcept = default;
publisher::~publisher() = default;

std::size_t publisher::publish(const topic& t, const payload_view& payload, std::error_code& ec)
{
  return state_->publish(t, payload, std::nullopt, ec);
}

std::size_t publisher::publish(const topic& t, const payload_view& payload)
{
  std::error_code ec;
  return checked(publish(t, payload, ec), ec, t);
}

std::size_t publisher::try_publish(const topic& t, const payload_view& payload, std::error_code& ec)
{
  ec.clear();
  return state_->writer->try_publish(t, payload, ec);
}

std::size_t publisher::try_publish(const topic& t, const payload_view& payload)
{
  std::error_code ec;
  return checked(state_->writer->try_publish(t, payload, ec), ec, t);
}

std::size_t publisher::publish_for(const topic& t, const payload_view& payload,
                                   std::chrono::nanoseconds d, std::error_code& ec)
{
  return state_->publish(t, payload, deadline_in(d), ec);
}

std::size_t publisher::publish_for(const topic& t, const payload_view& payload,
                                   std::chrono::nanoseconds d)
{
  std::error_code ec;
  return checked(publish_for(t, payload, d, ec), ec, t);
}

std::size_t publisher::publish_until(const topic& t, const payload_view& payload,
                                     std::chrono::steady_clock::time_point deadline,
                                     std::error_code& ec)
{
  return state_->publish(t, payload, deadline, ec);
}

std::size_t publisher::publish_until(const topic& t, const payload_view& payload,
                                     std::chrono::steady_clock::time_point deadline)
{
  std::error_code ec;
  return checked(publish_until(t, payload, deadline, ec), ec, t);
}

shmbus::loan publisher::loan(const topic& t, std::size_t size, std::error_code& ec)
{
  ec.clear();
  return state_->writer->lend(t, size, ec);
}

shmbus::loan publisher::loan(const topic& t, std::size_t size)
{
  std::error_code ec;
  auto l = loan(t, size, ec);
  checked(0, ec, t);
  return l;
}

std::size_t publisher::publish(shmbus::loan&& l, std::error_code& ec)
{
  return state_->publish(
      std::nullopt, ec, [&](std::error_code& e) { return state_->writer->try_publish(l, e); },
      [&] { state_->writer->ask_for_space(l); });
}

std::size_t publisher::publish(shmbus::loan&& l)
{
  std::error_code ec;
  return checked(publish(std::move(l), ec), ec);
}

std::size_t publisher::try_publish(shmbus::loan&& l, std::error_code& ec)
{
  ec.clear();
  return state_->writer->try_publish(l, ec);
}

std::size_t publisher::try_publish(shmbus::loan&& l)
{
  std::error_code ec;
  return checked(try_publish(std::move(l), ec), ec);
}

std::size_t publisher::subscribers(const topic& t, std::error_code& ec)
{
  ec.clear();
  return state_->writer->subscribers(t, ec);
}

std::size_t publisher::subscribers(const topic& t)
{
  std::error_code ec;
  return checked(subscribers(t, ec), ec, t);
}

bool publisher::wait_for_subscribers(const topic& t, std::size_t n, std::chrono::nanoseconds d,
                                     std::error_code& ec)
{
  ec.clear();
  core::writer& w = *state_->writer;
  if (w.subscribers(t, ec) >= n || ec) return !ec;
  const auto until = deadline_in(d);
  const turnstile::turn turn(state_->one_waits, until);
  if (!turn) return false;
  core::leased_bell* bell = state_->waiting.bell([&](auto& b) { w.attach(b); }, ec);
  if (ec) return false;
  w.ask_for_subscribers(true);
  bool there;
  while (true) {
    const std::uint32_t ticket = bell->arm();
    there = w.subscribers(t, ec) >= n;
    if (there || ec || !state_->waiting.sleep(ticket, until)) break;
  }
  bell->disarm();
  w.ask_for_subscribers(false);
  if (ec) return false;
  return there || (w.subscribers(t, ec) >= n && !ec);
}

bool publisher::wait_for_subscribers(const topic& t, std::size_t n, std::chrono::nanoseconds d)
{
  std::error_code ec;
  const bool there = wait_for_subscribers(t, n, d, ec);
  detail::throw_if(ec, "cannot wait for subscribers");
  return there;
}

client_id publisher::id() const noexcept { return state_->writer->id(); }

void publisher::close() noexcept
{
  if (state_) state_->writer->close();
}

}  // namespace shmbus::sync
