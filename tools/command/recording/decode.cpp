#include "command/recording/decode.hpp"

#include "command/recording/checksum.hpp"
#include "command/recording/little_endian.hpp"

#include <algorithm>

namespace shmbus::recording {
namespace {

using outcome = decoded::outcome;

std::string_view text(bytes data) noexcept
{
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

decoded damaged(std::string_view problem) noexcept
{
  return {.what = outcome::damaged, .problem = problem};
}

bool in_range(std::int64_t time_ns) noexcept
{
  return time_ns >= -max_time_ns && time_ns <= max_time_ns;
}

// The checksums fit, so anything wrong here was written wrongly.
constexpr std::string_view nonsense = "a record makes no sense";

decoded decode_start(bytes body) noexcept
{
  if (body.size() < 16) return damaged(nonsense);
  return {.what = outcome::whole,
          .value = start_record{.wall_clock_ns = number_at<std::int64_t>(body, 0),
                                .monotonic_ns = number_at<std::int64_t>(body, 8),
                                .bus = text(body.subspan(16))}};
}

decoded decode_message(bytes body) noexcept
{
  if (body.size() < message_head_size) return damaged(nonsense);
  const auto topic_size = number_at<std::uint32_t>(body, 32);
  if (topic_size > body.size() - message_head_size) return damaged(nonsense);
  const message_record m{
      .time_ns = number_at<std::int64_t>(body, 0),
      .time_of_receipt = (number_at<std::uint32_t>(body, 36) & 1) != 0,
      .sequence = number_at<std::uint64_t>(body, 8),
      .type = number_at<std::uint64_t>(body, 16),
      .publisher = {number_at<std::uint32_t>(body, 24), number_at<std::uint32_t>(body, 28)},
      .topic = text(body.subspan(message_head_size, topic_size)),
      .payload = body.subspan(message_head_size + topic_size)};
  if (!in_range(m.time_ns) || !topic_problem(m.topic).empty()) return damaged(nonsense);
  return {.what = outcome::whole, .value = m};
}

decoded decode_gap(bytes body) noexcept
{
  if (body.size() < 16) return damaged(nonsense);
  const gap_record gap{.time_ns = number_at<std::int64_t>(body, 0),
                       .lost = number_at<std::uint64_t>(body, 8)};
  if (!in_range(gap.time_ns)) return damaged(nonsense);
  return {.what = outcome::whole, .value = gap};
}

decoded decode_body(std::uint32_t what, bytes body) noexcept
{
  switch (static_cast<kind>(what)) {
    case kind::start: return decode_start(body);
    case kind::message: return decode_message(body);
    case kind::gap: return decode_gap(body);
  }
  return {.what = outcome::whole};
}

}  // namespace

decoded decode_file_head(bytes data) noexcept
{
  const auto there = std::min(data.size(), magic.size());
  if (text(data.first(there)) != magic.substr(0, there)) return damaged("it is not a recording");
  if (data.size() < file_head_size) return {.what = outcome::incomplete, .size = file_head_size};
  if (number_at<std::uint32_t>(data, magic.size()) != version)
    return damaged("it is of a version that this shmbus does not know");
  return {.what = outcome::whole, .size = file_head_size};
}

decoded decode(bytes data) noexcept
{
  if (data.size() < record_head_size)
    return {.what = outcome::incomplete, .size = record_head_size};
  if (checksum(data.subspan(8, record_head_size - 8)) != number_at<std::uint64_t>(data, 0))
    return damaged("the head of a record was changed");
  const auto body_size = number_at<std::uint64_t>(data, 16);
  if (body_size > max_body_size) return damaged(nonsense);
  const std::uint64_t size = record_head_size + body_size;
  if (data.size() < size) return {.what = outcome::incomplete, .size = size};
  const bytes body = data.subspan(record_head_size, body_size);
  if (checksum(body) != number_at<std::uint64_t>(data, 8)) return damaged("a record was changed");
  decoded d = decode_body(number_at<std::uint32_t>(data, 24), body);
  d.size = size;
  return d;
}

}  // namespace shmbus::recording
