#pragma once

#include <span>
#include <string>
#include <string_view>

namespace shmbus::config {

/// The one of `known` that who wrote `word` may have meant: a letter or two are wrong, missing, too
/// many or changed places, or it is the beginning. Empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// For a message about an unknown word: ` (did you mean "max_clients"?)`, or, if none is near, all
/// that there are: ` (there are: a, b, c)`.
std::string advice(std::string_view word, std::span<const std::string> known);

}  // namespace shmbus::config
