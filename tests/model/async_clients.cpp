#include "model/async_clients.hpp"

#include "model/explorer.hpp"

namespace model {
namespace {

shmbus::broker broker_in(party& p, shmbus::asio::io_context& context)
{
  const acting_as me(p.id);
  return shmbus::broker(context, {.adopt = true});
}

// A handler whose operation can be cancelled, if there is a signal.
template <class Function>
struct in_slot {
  Function function;
  shmbus::asio::cancellation_signal* signal;

  shmbus::asio::cancellation_slot get_cancellation_slot() const noexcept
  {
    return shmbus::asio::cancellation_slot(signal);
  }
  template <class... Arguments>
  void operator()(Arguments&&... arguments)
  {
    function(std::forward<Arguments>(arguments)...);
  }
};
template <class Function>
in_slot(Function, shmbus::asio::cancellation_signal*) -> in_slot<Function>;

}  // namespace

program::program(party& p) : in(p), bus(broker_in(p, context)) {}

void program::runs(std::function<void()> first)
{
  spawn(in.id, [this, first = std::move(first)] {
    first();
    context.run();
  });
}

async_sender::async_sender(world& w, program& p)
    : sender(w, p.in, static_cast<int>(w.senders.size())), on(p), publisher([&] {
        const acting_as me(p.in.id);
        return shmbus::publisher(p.bus, {.timestamps = false});
      }())
{
}

void async_sender::publishes_async(int count, shmbus::asio::cancellation_signal* cancelled_by)
{
  if (count == 0) return;
  ++pending;
  const auto [index, payload] = begin_publish();
  const auto bytes = payload.data();
  auto copy = std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end());
  const shmbus::payload_view stays{std::span<const std::byte>(*copy)};
  auto handler = [this, index = index, count, copy = std::move(copy)](std::error_code ec,
                                                                      std::size_t) {
    --pending;
    if (ec == shmbus::errc::closed || ec == shmbus::asio::error::operation_aborted) {
      inside = false;
      return;
    }
    if (end_publish(index, ec)) publishes_async(count - 1);
  };
  publisher.async_publish(world::topic, stays, in_slot{std::move(handler), cancelled_by});
}

void async_sender::waits_for_subscribers(std::size_t count, std::function<void()> then)
{
  ++pending;
  publisher.async_wait_for_subscribers(
      world::topic, count,
      [count, then = std::move(then), this](std::error_code ec, std::size_t n) {
        if (ec || n < count)
          violation("waiting for %zu subscribers gives %zu, %s", count, n, ec.message().c_str());
        --pending;
        then();
      });
}

bool async_sender::publish()
{
  publishes_async(1);
  return true;
}

async_receiver::async_receiver(world& w, program& p, shmbus::subscriber_options o,
                               std::error_code& ec)
    : receiver(w, p.in, o), on(p), subscriber([&] {
        const acting_as me(p.in.id);
        return shmbus::subscriber(p.bus, o, ec);
      }())
{
  const acting_as me(p.in.id);
  if (!ec) subscriber.subscribe(world::topic.name(), ec);
  if (!ec) note_subscription();
}

std::unique_ptr<async_receiver> async_receiver::try_join(world& w, program& p,
                                                         shmbus::subscriber_options o)
{
  std::error_code ec;
  std::unique_ptr<async_receiver> made(new async_receiver(w, p, o, ec));
  if (!ec) return made;
  if (ec != shmbus::errc::too_many_clients && ec != shmbus::errc::closed)
    violation("a subscriber cannot join: %s", ec.message().c_str());
  return nullptr;
}

void async_receiver::receives_all_async()
{
  receives = true;
  auto handler = [this](std::error_code ec, shmbus::message m) {
    if (ec == shmbus::errc::closed) {
      closed = true;
      return;
    }
    if (!ec)
      check(m);
    else if (ec != shmbus::asio::error::operation_aborted)
      violation("async_receive gives %s", ec.message().c_str());
    else if (!m.empty())
      violation("a receive that was cancelled has a message");
    m = {};
    receives_all_async();
  };
  subscriber.async_receive(in_slot{std::move(handler), cancelled_by});
}

void async_receiver::waits_and_receives()
{
  receives = true;
  subscriber.async_wait([this](std::error_code ec) {
    if (ec == shmbus::errc::closed) {
      closed = true;
      return;
    }
    if (ec) violation("async_wait gives %s", ec.message().c_str());
    const auto m = subscriber.try_receive(ec);
    if (!m) violation("async_wait came back, and there is nothing");
    check(*m);
    waits_and_receives();
  });
}

}  // namespace model
