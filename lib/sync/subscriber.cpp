#include "shmbus/sync/subscriber.hpp"

#include "core/reader.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/pattern.hpp"
#include "sync/readiness.hpp"
#include "sync/waiting.hpp"

#include <utility>

namespace shmbus::sync {

/// A reader, and what its receiving thread sleeps on.
struct subscriber::state {
  explicit state(core::reader* r) : reader(r), waiting(r->bus()) {}
  ~state()
  {
    ready.reset();
    reader->drop();
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  std::optional<message> take(std::error_code& ec) noexcept
  {
    // Filled in place: a message is a dozen words, and this is the way of each one.
    std::optional<message> m(std::in_place);
    if (!reader->take(m->implementation(), ec)) m.reset();
    return m;
  }

  // Takes what is there; else `otherwise(m)` may still find something.
  template <class Otherwise>
  std::optional<message> take_or(std::error_code& ec, Otherwise otherwise)
  {
    // In place from the beginning: it costs least where there is a message.
    std::optional<message> m(std::in_place);
    if (!reader->enter(ec)) {
      m.reset();
      return m;
    }
    if (!reader->take(m->implementation(), ec)) {
      m.reset();
      otherwise(m);
    }
    reader->leave();
    return m;
  }

  std::optional<message> try_receive(std::error_code& ec)
  {
    return take_or(ec, [this](auto&) {
      if (ready) ready->found_nothing();
    });
  }

  // After enter(). Arms, looks again, sleeps; nothing if `until` passed.
  std::optional<message> wait(const shm::deadline& until, std::error_code& ec);
  std::optional<message> receive(const shm::deadline& until, std::error_code& ec);

  // After enter(). The descriptor for other event loops, made on first use.
  int descriptor(std::error_code& ec)
  {
    if (!ready) ready = readiness::open(*reader, ec);
    return ready ? ready->descriptor() : -1;
  }

  core::reader* reader;
  sync::waiting waiting;
  std::unique_ptr<readiness> ready;
};

std::optional<message> subscriber::state::wait(const shm::deadline& until, std::error_code& ec)
{
  const auto spin = reader->options().spin_for;
  if (spin.count() > 0) {
    for (const auto end = std::chrono::steady_clock::now() + spin;;) {
      auto m = take(ec);
      if (m || ec) return m;
      if (reader->closed() || std::chrono::steady_clock::now() >= end) break;
    }
  }
  if (ready) {
    // The bell is the descriptor's: wait for that.
    while (true) {
      ready->found_nothing();
      if (reader->closed()) ec = errc::closed;
      if (ec || !ready->wait(until)) return std::nullopt;
      auto m = take(ec);
      if (m || ec) return m;
    }
  }
  core::leased_bell* bell = waiting.bell([this](auto& b) { reader->attach(b); }, ec);
  if (!bell) return std::nullopt;
  while (true) {
    const std::uint32_t ticket = bell->arm();
    auto m = take(ec);
    if (m || ec || reader->closed()) {
      bell->disarm();
      if (!m && !ec) ec = errc::closed;
      return m;
    }
    reader->going_to_sleep();
    if (!waiting.sleep(ticket, until)) return take(ec);
  }
}

std::optional<message> subscriber::state::receive(const shm::deadline& until, std::error_code& ec)
{
  ec.clear();
  return take_or(ec, [&](auto& m) {
    if (!ec) m = wait(until, ec);
  });
}

subscriber::subscriber(broker& bus, subscriber_options options)
{
  std::error_code ec;
  *this = subscriber(bus, options, ec);
  detail::throw_if_not_joined(bus.implementation().get(), ec, "cannot make a subscriber");
}

subscriber::subscriber(broker& bus, subscriber_options options, std::error_code& ec)
{
  if (!bus.is_open()) {
    ec = errc::closed;
    return;
  }
  ec.clear();
  if (core::reader* r = core::reader::join(bus.implementation(), options, ec))
    state_ = std::make_unique<state>(r);
  if (state_ && bus.readiness()->active()) {
    const int descriptor = state_->descriptor(ec);
    if (!ec) bus.readiness()->add(descriptor, ec);
    if (ec) state_.reset();
  }
}

subscriber::subscriber(subscriber&&) noexcept = default;
subscriber& subscriber::operator=(subscriber&&) noexcept = default;
subscriber::~subscriber() = default;

void subscriber::subscribe(std::string_view pattern, std::error_code& ec)
{
  ec.clear();
  state_->reader->subscribe(pattern, ec);
}

void subscriber::subscribe(std::string_view pattern)
{
  std::error_code ec;
  subscribe(pattern, ec);
  if (ec == errc::invalid_pattern) shmbus::pattern{pattern};  // throws, and says what is wrong
  detail::throw_if(ec, "cannot subscribe");
}

void subscriber::unsubscribe(std::string_view pattern, std::error_code& ec)
{
  ec.clear();
  state_->reader->unsubscribe(pattern, ec);
}

void subscriber::unsubscribe(std::string_view pattern)
{
  std::error_code ec;
  unsubscribe(pattern, ec);
  detail::throw_if(ec, "cannot unsubscribe");
}

message subscriber::receive(std::error_code& ec)
{
  auto m = state_->receive(std::nullopt, ec);
  return m ? std::move(*m) : message{};
}

message subscriber::receive()
{
  std::error_code ec;
  message m = receive(ec);
  detail::throw_if(ec, "cannot receive");
  return m;
}

std::optional<message> subscriber::try_receive(std::error_code& ec)
{
  ec.clear();
  return state_->try_receive(ec);
}

std::optional<message> subscriber::try_receive()
{
  std::error_code ec;
  auto m = state_->try_receive(ec);
  detail::throw_if(ec, "cannot receive");
  return m;
}

std::optional<message> subscriber::receive_for(std::chrono::nanoseconds d, std::error_code& ec)
{
  return state_->receive(deadline_in(d), ec);
}

std::optional<message> subscriber::receive_for(std::chrono::nanoseconds d)
{
  std::error_code ec;
  auto m = receive_for(d, ec);
  detail::throw_if(ec, "cannot receive");
  return m;
}

std::optional<message> subscriber::receive_until(std::chrono::steady_clock::time_point deadline,
                                                 std::error_code& ec)
{
  return state_->receive(deadline, ec);
}

std::optional<message> subscriber::receive_until(std::chrono::steady_clock::time_point deadline)
{
  std::error_code ec;
  auto m = receive_until(deadline, ec);
  detail::throw_if(ec, "cannot receive");
  return m;
}

std::size_t subscriber::receive_batch(std::span<message> out, std::error_code& ec)
{
  if (out.empty()) {
    ec.clear();
    return 0;
  }
  auto first = state_->receive(std::nullopt, ec);
  if (!first) return 0;
  out[0] = std::move(*first);
  std::size_t count = 1;
  while (count != out.size()) {
    std::error_code stop;  // what is there already counts; the next call will say why
    auto m = try_receive(stop);
    if (!m) break;
    out[count++] = std::move(*m);
  }
  return count;
}

std::size_t subscriber::receive_batch(std::span<message> out)
{
  std::error_code ec;
  const std::size_t count = receive_batch(out, ec);
  detail::throw_if(ec, "cannot receive");
  return count;
}

std::uint64_t subscriber::lost() const noexcept { return state_->reader->lost(); }

int subscriber::native_handle(std::error_code& ec)
{
  ec.clear();
  if (!state_->reader->enter(ec)) return -1;
  const int descriptor = state_->descriptor(ec);
  state_->reader->leave();
  return descriptor;
}

int subscriber::native_handle()
{
  std::error_code ec;
  const int descriptor = native_handle(ec);
  detail::throw_if(ec, "cannot make a descriptor for a subscriber");
  return descriptor;
}

client_id subscriber::id() const noexcept { return state_->reader->id(); }

void subscriber::close() noexcept
{
  if (state_) state_->reader->close();
}

}  // namespace shmbus::sync
