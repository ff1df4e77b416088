#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace shmbus::config {

/// What stands in the environment: text, which becomes whatever its key takes.
struct plain_text {
  std::string text;
};

/// What no key takes, in words: "an array".
struct unusable {
  std::string_view what;
};

/// What is given for a key. In a file "5" is not 5; in the environment it is.
using value = std::variant<bool, std::int64_t, std::string, plain_text, unusable>;

std::optional<bool> as_flag(const value& v);
std::optional<std::uint64_t> as_number(const value& v);
/// Null if it is no text.
const std::string* as_text(const value& v);
/// Bytes: a number, or text like "64M": a number and K, M or G, which count in steps of 1024.
std::optional<std::uint64_t> as_size(const value& v);
/// Text like "20us": a number and ns, us, ms or s. The number 0 needs no unit.
std::optional<std::chrono::nanoseconds> as_duration(const value& v);

/// For messages: text in quotes, all else as it is written.
std::string shown(const value& v);

}  // namespace shmbus::config
