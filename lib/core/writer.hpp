#pragma once

#include "core/atomic.hpp"
#include "core/bells.hpp"
#include "core/bus.hpp"
#include "core/chunk_pool.hpp"
#include "core/publish_lock.hpp"
#include "core/publisher_statistics.hpp"
#include "core/routes.hpp"
#include "core/writer_lane.hpp"
#include "shmbus/config.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/message.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/topic.hpp"

#include <cstdint>
#include <memory>
#include <system_error>
#include <vector>

namespace shmbus::core {

/// A publisher without waiting: what the synchronous and the asynchronous one are made of.
///
/// Here and in reader, an error code is set when something fails and left alone else: the caller
/// clears it once.
/// Threads: all functions may be called at the same time.
class writer : public std::enable_shared_from_this<writer> {
public:
  static std::shared_ptr<writer> join(std::shared_ptr<bus> b, publisher_options options,
                                      std::error_code& ec);
  ~writer();

  /// Publishes now or not at all; how many subscribers it reached. errc::queue_full: a subscriber
  /// exerts back-pressure and nobody got it.
  std::size_t try_publish(const topic& t, const payload_view& payload, std::error_code& ec);
  /// The loan is empty afterwards unless `ec` is set.
  std::size_t try_publish(shmbus::loan& l, std::error_code& ec);

  shmbus::loan lend(const topic& t, std::size_t size, std::error_code& ec);
  void take_back(shmbus::loan& l) noexcept;

  /// Subscribers that a message on `t` would reach.
  std::size_t subscribers(const topic& t, std::error_code& ec);

  /// What a waiting publish does around its sleep: ask() before it arms and tries again, so that the
  /// subscribers that are full ring, and unask() when it waits no more.
  /// Whether trying again is worth it already: there is room, or an error to be told.
  bool ask_for_space(const topic& t);
  bool ask_for_space(const shmbus::loan& l);
  void stop_asking() noexcept;
  /// The same for subscribers that come.
  void ask_for_subscribers(bool wanted) noexcept;

  /// The bell that rings for this client from now on.
  void attach(const leased_bell& b) noexcept;

  /// Leaves the bus and rings its own bell, so that those who wait find it closed.
  void close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  const std::shared_ptr<core::bus>& bus() const noexcept { return bus_; }
  client_id id() const noexcept { return {me_.slot, me_.generation}; }

private:
  writer(std::shared_ptr<core::bus> b, lessee me, publisher_options options, std::byte* data);

  struct topic_ref {
    std::string_view name;
    std::uint64_t hash;
  };
  // The receiver's caches are cold for what is large anyway; ours need not be for the next one.
  static constexpr std::size_t collect_first_from = 2048;
  // Lanes with small messages in their slots are 16 times as large, and a copy in each lane is worth it
  // for a few.
  static constexpr std::uint32_t most_small_lanes = 4;
  static constexpr std::uint32_t most_small_slots = 1024;

  bool usable(std::error_code& ec) const noexcept
  {
    if (bus_->forked()) {
      ec = errc::forked;
      return false;
    }
    if (closed_.load(std::memory_order_relaxed)) {
      ec = errc::closed;
      return false;
    }
    return true;
  }
  void renew();
  // The route of a topic, up to date, with its lanes, all of which have room. Null: `ec` says why.
  route* prepare(const topic_ref& t, std::error_code& ec)
  {
    if (routes_.current() && !broken_lanes_) {
      if (route& r = routes_.find(t.name, t.hash); r.ready) return &r;
    }
    return prepare_anew(t, ec);
  }
  // The same if that was the last topic, and nothing changed.
  [[gnu::always_inline]] route* ready(const topic_ref& t) noexcept
  {
    route* r = routes_.last(t.name, t.hash);
    return r && r->ready && !broken_lanes_ && routes_.current() ? r : nullptr;
  }
  [[gnu::noinline]] route* prepare_anew(const topic_ref& t, std::error_code& ec);
  bool make_lanes(route& r, std::error_code& ec);
  writer_lane* make_lane(std::uint32_t subscriber, std::error_code& ec);
  void drop_lane(std::uint32_t subscriber) noexcept;
  void shun_broken_lanes();
  chunk_record* take_chunk(const route* r, std::size_t size, std::error_code& ec);
  chunk_record* take_chunk_for(route*& r, const topic_ref& t, std::size_t size,
                               std::error_code& ec);
  void fill_topic(std::byte* chunk, const topic_ref& t, std::size_t capacity) noexcept;
  std::size_t send(route& r, chunk_record& chunk, std::size_t size, std::uint64_t type) noexcept;
  std::size_t send_small(route& r, const payload_view& payload) noexcept;
  template <class Push, class Settle>
  std::size_t push_and_notify(route& r, Push push, Settle settle) noexcept;
  std::size_t refuse(const std::error_code& why) noexcept
  {
    statistics_.refused(why);
    return 0;
  }
  bool ask_for_space(const topic_ref& t);
  std::string_view loaned_topic(const shmbus::loan& l) const noexcept;

  std::shared_ptr<core::bus> bus_;
  lessee me_;
  publisher_options options_;
  std::byte* data_;
  atomic<bool> closed_{false};

  publish_lock lock_;  // guards what follows
  publisher_statistics statistics_;
  chunk_pool pool_;
  routes routes_;
  std::vector<std::unique_ptr<writer_lane>> lanes_;  // by subscriber slot
  std::vector<bool> lane_ids_;
  shared_u64* directory_ = nullptr;
  std::uint32_t small_lanes_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t renewals_ = 0;  // how often the routes were renewed
  std::size_t loans_ = 0;
  bool broken_lanes_ = false;
  std::vector<writer_lane*> asked_;  // lanes that ring us when they have space
};

}  // namespace shmbus::core
