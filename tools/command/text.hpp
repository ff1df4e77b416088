#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace shmbus::command {

/// The text as one line that a terminal can only show: as it is if that is harmless; else with
/// `\n`, `\t`, `\\` and `\x1b` for what is not printable or not UTF-8.
std::string printable(std::string_view text);

/// The text as a JSON string, with quotes. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

std::string base64(std::string_view bytes);

/// A number of bytes for people: "64 MiB", "1.5 KiB".
std::string readable_size(std::uint64_t bytes);

}  // namespace shmbus::command
