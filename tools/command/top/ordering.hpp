#pragma once

#include "command/top/picture.hpp"

#include <optional>
#include <string_view>

namespace shmbus::command {

/// What a list is sorted by. Numbers: the largest first; names in their order.
enum class sort_key { name, rate, bytes, size, readers, age, losses, queue, held };

const char* name_of(sort_key k) noexcept;
std::optional<sort_key> sort_key_named(std::string_view name) noexcept;

/// The key after this one, among those that make sense for the list; the first after the last.
sort_key next_topic_key(sort_key k) noexcept;
sort_key next_client_key(sort_key k) noexcept;

/// What is the same stays in the order of the names. A key that is not of such a list stands for the
/// names.
void sort_topics(std::vector<topic_row>& rows, sort_key k, bool reversed);
void sort_clients(std::vector<client_row>& rows, sort_key k, bool reversed);

/// Leaves the topics that match, if the text is a pattern with a wildcard, else those that contain
/// it; and the clients of which the process, the state, the role or a pattern contains it.
void filter_topics(std::vector<topic_row>& rows, std::string_view text);
void filter_clients(std::vector<client_row>& rows, std::string_view text);

}  // namespace shmbus::command
