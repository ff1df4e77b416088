#pragma once

#include "core/atomic.hpp"
#include "core/audit.hpp"
#include "model/explorer.hpp"
#include "shmbus/sync.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// What scenarios are made of: processes with publishers and subscribers of the synchronous API, and
/// the books that are kept about what they do.
namespace model {

/// A process with its handle on the bus.
struct party {
  party(const char* name, bool may_die);

  process_id id;
  shmbus::sync::broker bus;
};

class world;

/// What stands in a lane's slot, and what does not.
inline constexpr std::size_t small_size = 16;
inline constexpr std::size_t chunk_size = 112;

/// A publisher; each message says whose and the how manieth it is.
struct sender {
  sender(world& w, party& p, int number) : owner(w), in(p), number(number) {}
  virtual ~sender() = default;

  void join();
  /// The same, as soon as there is a place.
  void join_when_free();
  /// A thread that publishes so many messages, then leaves if it is to.
  void publishes(int count, bool then_leaves = false);
  /// Waits for room where a subscriber asked for that. False: it is not published.
  virtual bool publish();
  /// Never waits.
  bool try_publish();
  void close() { handle.reset(); }
  virtual bool joined() const { return handle.has_value(); }
  /// Waits for what has come.
  virtual bool stuck() const { return joined() && inside; }
  std::size_t size_of(std::uint64_t index) const noexcept
  {
    return index % 2 != 0 && odd_size != 0 ? odd_size : size;
  }

  world& owner;
  party& in;
  int number;
  std::size_t size = chunk_size;
  std::size_t odd_size = 0;   // of every second message, if not 0
  bool may_be_short = false;  // of memory for them
  std::optional<shmbus::sync::publisher> handle;
  int begun = 0;
  int published = 0;
  std::vector<bool> done;  // of those begun: whether it was published
  bool inside = false;     // of a publish

protected:
  /// A message that is being published; its payload stays until this thread's next one.
  struct attempt {
    int index;
    shmbus::payload_view payload;
  };
  attempt begin_publish();
  /// False: it is not published.
  bool end_publish(int index, const std::error_code& ec);
};

/// A subscriber.
struct receiver {
  receiver(world& w, party& p, shmbus::subscriber_options o) : owner(w), in(p), options(o) {}
  virtual ~receiver() = default;

  void join();
  void join_when_free();
  /// A thread that receives all that comes.
  void receives_all();
  /// Receives one message, and waits for it; empty: it was closed.
  shmbus::message receive();
  shmbus::message try_receive();
  /// Receives and releases all that comes, until it is closed.
  void receive_all();
  void check(const shmbus::message& m);
  /// One that is held still is what it was.
  void check_again(const shmbus::message& m);
  void leave();
  virtual std::uint64_t lost() const { return handle->lost(); }

private:
  void subscribe();

protected:
  /// subscribe() is about to return.
  void note_subscription();

public:
  world& owner;
  party& in;
  shmbus::subscriber_options options;
  std::optional<shmbus::sync::subscriber> handle;
  bool subscribed = false;
  bool left = false;
  bool receives = false;   // all that comes
  bool unordered = false;  // its publisher is several threads
  int received = 0;
  std::vector<int> last;    // of each sender: the message received last
  std::vector<int> before;  // of each sender: messages begun before subscribe() returned
};

/// A message on its way from one thread to another one.
class handover {
public:
  void put(shmbus::message m);
  shmbus::message take();

private:
  shmbus::message message_;
  shmbus::core::atomic<std::uint32_t> full_{0};
};

class world {
public:
  /// What all messages are published on.
  static const shmbus::topic topic;

  /// A bus of these limits.
  explicit world(std::uint32_t max_clients, std::uint64_t buffer_size = 64 << 10);

  party& process(const char* name, bool may_die = false);
  /// Clients that are to join yet, or have joined before it begins.
  sender& add_sender(party& p);
  sender& publisher(party& p);
  receiver& add_receiver(party& p, shmbus::subscriber_options o);
  receiver& subscriber(party& p, shmbus::overflow o, std::uint32_t capacity, std::uint32_t held);
  /// Clients of another kind.
  template <class Client>
  Client& add(std::unique_ptr<Client> made)
  {
    Client& c = *made;
    if constexpr (std::derived_from<Client, sender>)
      senders.push_back(std::move(made));
    else
      receivers.push_back(std::move(made));
    return c;
  }

  /// What has to hold when nobody can go on: an audit finds nothing, nobody sleeps beside a message
  /// or waits for room that there is. Then each publisher that is there publishes once more.
  void next_act();
  /// After that: each message was received or counted as lost; and when all are gone nothing is left.
  void look();

  std::vector<std::unique_ptr<sender>> senders;
  std::vector<std::unique_ptr<receiver>> receivers;

private:
  void look_at(receiver& r);
  void look_for_the_forgotten();
  void publish_once_more();
  shmbus::core::audit_report audit();
  std::vector<std::unique_ptr<party>> parties_;
  party* last_ = nullptr;  // who looks after the others at the end
};

extern world* the_world;

}  // namespace model
