#pragma once

#include "core/layout.hpp"
#include "shmbus/message.hpp"
#include "shmbus/topic.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

/// Recordings: what `shmbus record` writes and `shmbus play` reads. docs/recording.md describes every
/// byte; all numbers are little-endian.
namespace shmbus::recording {

using bytes = std::span<const std::byte>;

inline constexpr std::string_view magic = "shmbus\r\n";
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t file_head_size = 16;    // magic, version, 0
inline constexpr std::size_t record_head_size = 32;  // checksums, size and kind
inline constexpr std::size_t message_head_size = 40;
inline constexpr std::size_t gap_size = record_head_size + 16;
inline constexpr std::uint64_t max_body_size =
    message_head_size + max_topic_size + core::max_buffer_size;
/// 100 years: times are within that of the start.
inline constexpr std::int64_t max_time_ns = 3'155'760'000'000'000'000;

enum class kind : std::uint32_t { start = 1, message = 2, gap = 3 };

/// Begins a recording, and what is appended to one: its times count from here.
struct start_record {
  std::int64_t wall_clock_ns = 0;  ///< since 1970
  std::int64_t monotonic_ns = 0;   ///< of the clock that message::sent_at() is of
  std::string_view bus;
};

struct message_record {
  std::int64_t time_ns = 0;  ///< since the start, when it was sent
  /// The publisher put no time into it: this is when it was received.
  bool time_of_receipt = false;
  std::uint64_t sequence = 0;
  std::uint64_t type = untyped;
  client_id publisher;
  std::string_view topic;
  bytes payload;
};

/// Messages were lost between the message before and the one after.
struct gap_record {
  std::int64_t time_ns = 0;  ///< since the start, when that was noticed
  std::uint64_t lost = 0;
};

/// Monostate: of a kind that this version does not know, to be passed over.
using record = std::variant<std::monostate, start_record, message_record, gap_record>;

}  // namespace shmbus::recording
