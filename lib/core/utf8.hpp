#pragma once

#include <string>
#include <string_view>

namespace shmbus::core {

/// Whether the text is UTF-8 by the letter: nothing overlong or cut off, no surrogates, nothing
/// above U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

/// The text in double quotes, for a message that people read: bytes that would not show, or are not
/// UTF-8, as `\x1b`, and of a long text only the beginning.
std::string quoted(std::string_view text);

}  // namespace shmbus::core
