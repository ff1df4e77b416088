#pragma once

#include "model/world.hpp"
#include "shmbus/async/broker.hpp"
#include "shmbus/async/publisher.hpp"
#include "shmbus/async/subscriber.hpp"

#include <atomic>
#include <functional>

/// Publishers and subscribers of the asynchronous API.
namespace model {

/// A process whose threads run an event loop.
struct program {
  explicit program(party& p);

  /// One more thread that runs the loop until nothing waits in it, after `first`.
  void runs(std::function<void()> first = [] {});

  party& in;
  shmbus::asio::io_context context;
  shmbus::broker bus;
};

struct async_sender final : sender {
  async_sender(world& w, program& p);

  /// So many messages, one after the other; each waits for room where it has to, and the first may be
  /// cancelled.
  void publishes_async(int count, shmbus::asio::cancellation_signal* cancelled_by = nullptr);
  /// Calls `then` when there are so many subscribers.
  void waits_for_subscribers(std::size_t count, std::function<void()> then);
  bool publish() override;
  bool joined() const override { return true; }
  bool stuck() const override { return pending != 0; }

  program& on;
  shmbus::publisher publisher;
  std::atomic<int> pending{0};  // operations; any thread begins and ends them
};

struct async_receiver final : receiver {
  /// Null if there is no place, or no bus any more.
  static std::unique_ptr<async_receiver> try_join(world& w, program& p,
                                                  shmbus::subscriber_options o);

  /// Receives and releases all that comes, until it is closed; one that is cancelled begins again.
  void receives_all_async();
  /// The same after it waited without receiving.
  void waits_and_receives();
  std::uint64_t lost() const override { return subscriber.lost(); }

  program& on;
  shmbus::subscriber subscriber;
  shmbus::asio::cancellation_signal* cancelled_by = nullptr;
  bool closed = false;

private:
  async_receiver(world& w, program& p, shmbus::subscriber_options o, std::error_code& ec);
};

}  // namespace model
