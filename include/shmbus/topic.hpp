#pragma once

#include "shmbus/detail/export.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace shmbus {

/// The longest topic and the longest pattern, in bytes.
inline constexpr std::size_t max_topic_size = 255;

/// Says in words what is wrong with `text` as a topic; empty if it is a valid one.
///
/// A topic is `/a/b/c`: levels of any valid UTF-8 without NUL, each after one slash, none empty,
/// none with a wildcard character (`*` or `#`), at most max_topic_size bytes in all.
SHMBUS_API std::string_view topic_problem(std::string_view text) noexcept;

/// A validated topic name with its hash, so that publishing need not look at the text again.
///
/// Make it once and publish with it often: construction checks and copies the text, and
/// publishing costs one hash lookup.
/// Threads: distinct objects are safe; one object may be read by many threads.
class SHMBUS_API topic {
public:
  /// Throws `error` with errc::invalid_topic whose what() says what is wrong.
  explicit topic(std::string_view text);

  /// The same without exceptions: empty and `ec` set if `text` is not a topic.
  static std::optional<topic> parse(std::string_view text, std::error_code& ec);

  /// The topic as it was given.
  std::string_view name() const noexcept { return name_; }
  /// What routes are looked up by; equal topics have equal ones, in every process.
  std::uint64_t hash() const noexcept { return hash_; }

  /// Whether the names are equal.
  friend bool operator==(const topic& a, const topic& b) noexcept { return a.name_ == b.name_; }

private:
  struct unchecked {};
  topic(unchecked, std::string_view text);

  std::string name_;
  std::uint64_t hash_;
};

}  // namespace shmbus
