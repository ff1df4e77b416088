#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Text in the cells of a terminal, some of whose characters take two of them, or none.
namespace shmbus::command {

/// As the terminal can show it: on one line, and with `?` for what the locale does not have.
std::string showable(std::string_view text);

/// How many cells a showable text takes.
std::size_t cells_of(std::string_view text) noexcept;

/// The longest beginning of a showable text that fits into so many cells.
std::string_view beginning_of(std::string_view text, std::size_t cells) noexcept;

/// The text in exactly so many cells: filled up with spaces, or cut off with `~` at its end.
std::string fitted(std::string_view text, std::size_t cells, bool right = false);

}  // namespace shmbus::command
