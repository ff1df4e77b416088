#pragma once

#include "core/bus.hpp"
#include "core/pattern_trie.hpp"
#include "core/small_bytes.hpp"
#include "core/small_content.hpp"
#include "core/statistics_layout.hpp"
#include "core/writer_lane.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shmbus::core {

/// The lanes that messages on one topic go to.
struct route {
  std::uint64_t hash = 0;
  std::string topic;
  char inline_topic[inline_topic_size] = {};  // as it stands in a message's head, if it fits there
  small_topic topic_words;                    // as it stands in a slot, if it fits there
  std::vector<std::uint32_t> subscribers;
  std::vector<writer_lane*> lanes;  // made when they are first needed
  bool blocks = false;              // one of them may exert back-pressure
  bool ready = false;               // all lanes are there, and none of them blocks
  std::size_t small_below = 0;      // smaller payloads stand in the slots of all lanes
  topic_entry* counts = nullptr;    // there when a message goes out
};

/// What a publisher knows of all subscriptions: a private copy, renewed when `routes_version` says
/// so, and the routes that were worked out since.
///
/// So publishing costs a look at one word and one in a hash table, whatever the number of clients,
/// patterns and topics.
/// Threads: the publisher's lock guards it.
class routes {
public:
  explicit routes(bus& b) noexcept : bus_(b) {}

  bool current() const noexcept
  {
    // acquire: pairs with the increment of who subscribed or left, after what it changed.
    return bus_.header().routes_version.load(acquire) == seen_;
  }

  /// Reads what changed; calls `gone` for each subscriber that is no more (not for one that still
  /// holds messages: its lane must stay).
  void renew(const std::function<void(std::uint32_t slot)>& gone);

  /// The route of a topic; remembered, for a bounded number of topics. Valid until the next call of
  /// a function of this object.
  [[gnu::always_inline]] route& find(std::string_view topic, std::uint64_t hash)
  {
    route* r = last(topic, hash);
    return r ? *r : look_up(topic, hash);
  }
  /// The same if it is the one that was found last; else null.
  [[gnu::always_inline]] route* last(std::string_view topic, std::uint64_t hash) const noexcept
  {
    const bool same = last_ && last_->hash == hash && last_->topic.size() == topic.size() &&
                      equal_bytes(last_->topic.data(), topic.data(), topic.size());
    return same ? last_ : nullptr;
  }

  /// Sends nothing more to a subscriber, until another one has its slot.
  void shun(std::uint32_t slot);

  /// What a subscriber asked for, as it was read and checked; with its generation.
  struct subscriber {
    std::uint32_t generation = 0;  // 0: none known
    std::uint64_t version = 0;
    bool sending = false;  // it is LIVE
    bool shunned = false;
    std::uint32_t queue_capacity = 0;
    std::uint32_t max_held = 0;
    shmbus::overflow policy = shmbus::overflow::drop_oldest;
    std::vector<std::string> patterns;
  };
  const subscriber& known(std::uint32_t slot) const noexcept { return known_[slot]; }

private:
  route& look_up(std::string_view topic, std::uint64_t hash);
  bool renew_one(std::uint32_t slot, const std::function<void(std::uint32_t)>& gone);
  void forget_patterns(std::uint32_t slot);
  void forget_routes() noexcept;
  void grow();

  bus& bus_;
  std::uint64_t seen_ = ~std::uint64_t{0};
  std::vector<subscriber> known_;
  pattern_trie trie_;
  route* last_ = nullptr;
  std::vector<std::unique_ptr<route>> table_;  // open addressing; a power of two in size
  std::size_t count_ = 0;
};

}  // namespace shmbus::core
