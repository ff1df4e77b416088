#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shmbus::command {

enum class payload_format { text, hex, json };

const char* name_of(payload_format f) noexcept;
/// The one after it. JSON is left out where the command was built without it.
payload_format next_format(payload_format f) noexcept;

/// A payload as lines of at most `width` cells, and no more than `height` of them; the last one says
/// how much was left out. What is not JSON is shown as text.
std::vector<std::string> payload_lines(std::string_view payload, payload_format f,
                                       std::size_t width, std::size_t height);

}  // namespace shmbus::command
