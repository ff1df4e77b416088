#pragma once

#include "shmbus/detail/export.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/type_id.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace shmbus {

/// Names a publisher or a subscriber for as long as its bus lives.
struct client_id {
  std::uint32_t slot = 0;        ///< its place on the bus, below max_clients
  std::uint32_t generation = 0;  ///< tells it from those who had the place before

  /// By place, then by generation.
  friend auto operator<=>(const client_id&, const client_id&) = default;
};

namespace core {
class reader;
struct reader_lane;
struct own_block;
}  // namespace core

namespace detail {

/// What core::reader hands out: views into the bus, or into memory of its own for a message that was
/// copied, and what it takes to give the chunk or the copy back.
///
/// Made, moved and emptied once or more for each message, so none of that touches more than it must.
struct received {
  core::reader* owner;
  core::reader_lane* lane;
  const std::byte* payload;
  std::size_t payload_size;
  const char* topic;
  std::uint64_t topic_size;
  union {
    std::uint64_t chunk;     // if there is a lane
    core::own_block* block;  // else
  };
  std::uint64_t sequence;
  std::uint64_t lost_before;
  std::int64_t sent_at_ns;
  std::uint64_t type;
  client_id publisher;

  // Spelled out: initializers in the class become one `rep stos`, which costs more than a receive.
  received() noexcept
      : owner(nullptr),
        lane(nullptr),
        payload(nullptr),
        payload_size(0),
        topic(nullptr),
        topic_size(0),
        chunk(0),
        sequence(0),
        lost_before(0),
        sent_at_ns(0),
        type(untyped),
        publisher()
  {
  }

  /// No message any more: no topic, no payload, nothing to give back.
  void clear() noexcept
  {
    owner = nullptr;
    payload = nullptr;
    payload_size = 0;
    topic = nullptr;
    topic_size = 0;
  }
};

SHMBUS_API void release(received& r) noexcept;
[[noreturn]] SHMBUS_API void throw_type_mismatch();

}  // namespace detail

/// A received message: a view into shared memory, and the right to it until it is destroyed.
///
/// Move-only. Destroying it gives the memory back to its publisher; at most `max_held` messages of
/// a subscriber live at once. It may outlive its subscriber and broker objects.
/// Threads: may be destroyed on any thread; distinct messages are safe.
/// Trust: the bytes are those of the publisher's memory. A hostile publisher can change them while
/// they are read: copy them first where that matters.
class message {
public:
  /// An empty message, as moved-from ones are: no topic, no payload.
  message() noexcept = default;
  /// Leaves `other` empty.
  message(message&& other) noexcept : r_(other.r_) { other.r_.clear(); }
  /// Gives back what it held; leaves `other` empty.
  message& operator=(message&& other) noexcept
  {
    if (this != &other) {
      if (r_.owner) detail::release(r_);
      r_ = other.r_;
      other.r_.clear();
    }
    return *this;
  }
  /// Gives the memory back to its publisher. A system call is made only if its subscriber is gone and
  /// this was its last message.
  ~message()
  {
    if (r_.owner) detail::release(r_);
  }

  /// Gives the memory back now; the message is empty afterwards.
  void reset() noexcept
  {
    if (r_.owner) detail::release(r_);
    r_.clear();
  }

  /// For the layers above; not for applications.
  detail::received& implementation() noexcept { return r_; }

  /// Whether there is no message here: default-made, moved from or reset.
  bool empty() const noexcept { return r_.owner == nullptr; }
  /// Where it was published. Stays as long as the message.
  std::string_view topic() const noexcept { return {r_.topic, r_.topic_size}; }
  /// What was published, where it lies: aligned to 64 bytes. Stays as long as the message.
  std::span<const std::byte> payload() const noexcept { return {r_.payload, r_.payload_size}; }
  /// The payload as text; nothing checks that it is.
  std::string_view text() const noexcept
  {
    return {reinterpret_cast<const char*>(r_.payload), r_.payload_size};
  }

  /// The type it was published with, `untyped` if as bytes. For what passes messages on: see
  /// payload_view(bytes, std::uint64_t).
  std::uint64_t type() const noexcept { return r_.type; }

  /// Whether the publisher sent a T.
  template <class T>
  bool is() const noexcept
  {
    return r_.type == type_id<T>() && r_.payload_size == sizeof(T);
  }

  /// The value, where it lies. Throws `error` with errc::type_mismatch if it is not a T, also if it
  /// was published as bytes.
  template <class T>
  const T& as() const
  {
    require_publishable<T>();
    if (!is<T>()) detail::throw_type_mismatch();
    return *reinterpret_cast<const T*>(r_.payload);
  }

  /// The same without exceptions: null and `ec` set if it is not a T.
  template <class T>
  const T* as(std::error_code& ec) const noexcept
  {
    require_publishable<T>();
    ec = is<T>() ? std::error_code{} : make_error_code(errc::type_mismatch);
    return ec ? nullptr : reinterpret_cast<const T*>(r_.payload);
  }

  /// Counts what its publisher published, on all topics, from 0. Gaps are messages on other topics
  /// or lost ones.
  std::uint64_t sequence() const noexcept { return r_.sequence; }

  /// Messages that this subscriber lost between the message it received before and this one.
  std::uint64_t lost_before() const noexcept { return r_.lost_before; }

  /// When it was published; the epoch if the publisher has `timestamps` off.
  std::chrono::steady_clock::time_point sent_at() const noexcept
  {
    return std::chrono::steady_clock::time_point{std::chrono::nanoseconds{r_.sent_at_ns}};
  }

  /// Who published it.
  client_id publisher() const noexcept { return r_.publisher; }

private:
  detail::received r_;
};

}  // namespace shmbus
