#pragma once

#include "shmbus/detail/export.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace shmbus {

/// Says in words what is wrong with `text` as a pattern; empty if it is a valid one.
SHMBUS_API std::string_view pattern_problem(std::string_view text) noexcept;

/// A topic in which a whole level may be `*` (exactly one level) and the last may be `#`
/// (one or more levels): `/host/*/load`, `/sensors/#`. `/sensors/#` does not match `/sensors`.
///
/// Threads: distinct objects are safe; one object may be read by many threads.
class SHMBUS_API pattern {
public:
  /// Throws `error` with errc::invalid_pattern whose what() says what is wrong.
  explicit pattern(std::string_view text);

  /// The same without exceptions: empty and `ec` set if `text` is not a pattern.
  static std::optional<pattern> parse(std::string_view text, std::error_code& ec);

  /// Whether a message on `topic` would be delivered to a subscription with this pattern.
  /// `topic` must be a valid topic; anything else gives an unspecified answer.
  bool matches(std::string_view topic) const noexcept;

  /// The pattern as it was given.
  std::string_view text() const noexcept { return text_; }

private:
  std::string text_;
};

}  // namespace shmbus
