#pragma once

#include "core/atomic.hpp"
#include "core/bells.hpp"
#include "core/bus.hpp"
#include "core/clients.hpp"
#include "core/own_messages.hpp"
#include "core/patience.hpp"
#include "core/reader_lane.hpp"
#include "core/subscriber_statistics.hpp"
#include "core/subscription_table.hpp"
#include "shmbus/config.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/message.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>
#include <vector>

namespace shmbus::core {

/// A subscriber without waiting: what the synchronous and the asynchronous one are made of.
///
/// It lives until its owner has dropped it and all its messages are released; the last of these
/// leaves the bus.
/// Threads: one thread at a time between enter() and leave(); the others at any time.
class reader {
public:
  static reader* join(std::shared_ptr<bus> b, const subscriber_options& options,
                      std::error_code& ec);
  /// The owner needs it no more; implies close().
  void drop() noexcept;

  /// The right to take messages. Errors: errc::busy, closed, forked.
  bool enter(std::error_code& ec) noexcept
  {
    if (bus_->forked()) {
      ec = errc::forked;
      return false;
    }
    // acquire: pairs with leave(); what the thread before us did with the lanes is ours to see.
    if (entered_.load(std::memory_order_acquire)) {
      ec = errc::busy;
      return false;
    }
    // Relaxed, and no fence: close() and inherit_for_idle() have a barrier executed on all threads
    // between their store and their look at `entered_`, so either they see us in here or we see them.
    entered_.store(true, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // acquire: pairs with the end of inherit_for_idle(); what it did with the lanes is ours to see.
    if (closed_.load(std::memory_order_relaxed) || inheriting_.load(std::memory_order_acquire))
      return enter_slowly(ec);
    return true;
  }
  /// Somebody has that right just now.
  bool receiving() const noexcept { return entered_.load(std::memory_order_acquire); }
  void leave() noexcept { entered_.store(false, std::memory_order_release); }

  /// Takes the next message if there is one. Errors: errc::too_many_held, closed.
  bool take(detail::received& out, std::error_code& ec) noexcept;
  /// Takes as many as there are and `out` has room for, and releases what stood there; how many.
  std::size_t take_some(std::span<message> out, std::error_code& ec) noexcept;
  /// Whether take() would find one. Goes past what was lost, takes nothing.
  bool readable() noexcept;
  /// Nothing was there, and whoever receives may sleep: the next message is one that was waited for.
  void going_to_sleep() noexcept { statistics_.going_to_sleep(); }

  /// Moves what dead publishers left for this subscriber into memory of this process, unless it is
  /// receiving just now and so does that itself: their places on the bus then can go back. For heirs.
  void inherit_for_idle() noexcept;

  void subscribe(std::string_view pattern, std::error_code& ec);
  void unsubscribe(std::string_view pattern, std::error_code& ec);
  std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  /// The bell that rings for this client from now on. Between enter() and leave(), so that the slot
  /// still is ours; the second one does that itself.
  void attach(const leased_bell& b) noexcept;
  void enter_and_attach(const leased_bell& b) noexcept;

  /// Leaves the bus: nothing new comes. Rings its own bell until who is between enter() and leave()
  /// is out.
  void close() noexcept;
  bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }

  const std::shared_ptr<core::bus>& bus() const noexcept { return bus_; }
  client_id id() const noexcept { return {me_.slot, me_.generation}; }
  const subscriber_options& options() const noexcept { return options_; }

  /// Any thread.
  void release(reader_lane& lane, std::uint64_t chunk) noexcept;
  void release(own_block& copy) noexcept
  {
    if (own_.give_back(copy)) unref();
  }

private:
  reader(std::shared_ptr<core::bus> b, lessee me, const subscriber_options& options);
  ~reader() = default;

  // A lane with a message at its next position; stays with one for some messages.
  reader_lane* find_lane() noexcept
  {
    if (current_ && turns_left_ != 0) {
      const auto found = current_->look();
      if (found == reader_lane::found::message) {
        --turns_left_;
        current_->fruitless = 0;
        return current_;
      }
      // Who polls one publisher alone, which lives, need not go round the others each time.
      if (found == reader_lane::found::nothing && ++current_->fruitless < patience &&
          still_owned(*bus_, current_->publisher()) && !others_rang()) {
        count_lost(*current_);
        return nullptr;
      }
    }
    return find_next_lane();
  }
  // Publishers other than that of `current_`.
  bool others_rang() const noexcept
  {
    const std::uint32_t own = current_->publisher().slot;
    const shared_u64* pending = bus_->pending(me_.slot);
    for (std::uint32_t w = 0, end = bus_->client_words(); w != end; ++w) {
      // acquire: pairs with set_bit(), as in find_next_lane().
      const std::uint64_t bits = pending[w].load(acquire);
      if ((w == own / 64 ? bits & ~bit_mask(own) : bits) != 0) return true;
    }
    return false;
  }
  reader_lane* find_next_lane() noexcept;
  bool enter_slowly(std::error_code& ec) noexcept;
  bool take_one(detail::received& out, std::error_code& ec) noexcept;
  void hand_out(detail::received& out) noexcept;

  bool somebody_may_have_died() const noexcept
  {
    // Relaxed: it only says that looking is worth it.
    return bus_->header().routes_version.load(relaxed) != inherited_at_.load(relaxed);
  }
  bool has_inheritance() const noexcept;
  void inherit() noexcept;
  void inherit_from(std::uint32_t publisher) noexcept;
  bool inherit_one(reader_lane& lane) noexcept;
  bool own_copy(detail::received& r) noexcept;
  bool too_much_inherited() const noexcept;
  void give_up(detail::received& inherited) noexcept;
  void pop_inherited() noexcept;
  void take_inherited(detail::received& out) noexcept;

  reader_lane* look_at(std::uint32_t publisher) noexcept;
  reader_lane* open_lane(std::uint32_t publisher, slot_word state) noexcept;
  reader_lane* find_lane_in(std::uint32_t word, std::uint64_t bits) noexcept;
  bool lost_patience(std::uint32_t publisher) noexcept;
  bool may_hold_one_more(std::error_code& ec) noexcept
  {
    return held_at_most_ < options_.max_held || holds_less(ec);
  }
  bool holds_less(std::error_code& ec) noexcept;
  void count_lost(reader_lane& lane) noexcept
  {
    if (const std::uint64_t lost = lane.collect_lost()) [[unlikely]] {
      count_lost(lost);
      lane.count_lost(lost);
    }
  }
  void count_lost(std::uint64_t n) noexcept
  {
    lost_.fetch_add(n, std::memory_order_relaxed);
    statistics_.lost(n);
  }
  void detach_lane(std::uint32_t publisher) noexcept;
  void lane_done(reader_lane* lane) noexcept;
  void part() noexcept;
  void unref() noexcept;

  std::shared_ptr<core::bus> bus_;
  lessee me_;
  subscriber_options options_;
  atomic<bool> entered_{false};
  atomic<bool> closed_{false};
  atomic<bool> inheriting_{false};

  // Only between enter() and leave().
  struct source {
    std::unique_ptr<reader_lane> lane;
    std::uint32_t closed_generation = 0;  // of the publisher whose lane was drained and closed
  };
  std::vector<source> sources_;  // by publisher slot
  own_messages own_;
  std::deque<detail::received> inherited_;  // of publishers that are dead; delivered first
  std::uint64_t inherited_bytes_ = 0;       // of their blocks
  atomic<std::uint64_t> inherited_at_{0};  // routes_version when somebody looked for dead ones last
  reader_lane* current_ = nullptr;
  std::uint32_t turns_left_ = 0;    // takes from `current_` before the others get theirs
  std::uint32_t next_source_ = 0;   // where the search for the next lane begins
  std::uint64_t held_at_most_ = 0;  // an upper bound; exact when it was last worked out
  std::uint64_t reported_lost_ = 0;
  atomic<std::uint64_t> lost_{0};
  subscriber_statistics statistics_;

  std::mutex subscriptions_mutex_;
  subscription_table subscriptions_;

  atomic<std::uint32_t> parts_{1};  // the client, and each lane: the last one leaves the bus
  // The owner, the client on the bus, and messages of its own that are held after its end.
  atomic<std::uint32_t> refs_{2};
};

}  // namespace shmbus::core
