// What the bytes of a record mean, and that no changed one passes for a whole one.
#include "command/recording/checksum.hpp"
#include "command/recording/sample.hpp"

#include <variant>

using namespace shmbus::recording;
using outcome = decoded::outcome;

namespace {

std::string one(std::string_view payload)
{
  std::string out;
  append(out, sample::message("/a/b", payload));
  return out;
}

}  // namespace

TEST_CASE("recording: a message comes back as it was")
{
  const std::string bytes = one("hello");
  const decoded d = decode(as_bytes(bytes));
  REQUIRE(d.what == outcome::whole);
  CHECK(d.size == bytes.size());
  const auto& m = std::get<message_record>(d.value);
  CHECK(m.time_ns == -6);
  CHECK_FALSE(m.time_of_receipt);
  CHECK(m.sequence == 7);
  CHECK(m.type == 0xfedcba9876543210);
  CHECK(m.publisher == shmbus::client_id{8, 9});
  CHECK(m.topic == "/a/b");
  CHECK(std::string(reinterpret_cast<const char*>(m.payload.data()), m.payload.size()) == "hello");
}

TEST_CASE("recording: a start and a gap come back as they were")
{
  std::string bytes;
  append(bytes, start_record{.wall_clock_ns = -1, .monotonic_ns = INT64_MAX, .bus = "plant"});
  append(bytes, gap_record{.time_ns = 1, .lost = UINT64_MAX});
  const decoded first = decode(as_bytes(bytes));
  REQUIRE(first.what == outcome::whole);
  const auto& start = std::get<start_record>(first.value);
  CHECK(start.wall_clock_ns == -1);
  CHECK(start.monotonic_ns == INT64_MAX);
  CHECK(start.bus == "plant");
  const decoded second = decode(as_bytes(bytes).subspan(first.size));
  REQUIRE(second.what == outcome::whole);
  CHECK(std::get<gap_record>(second.value).time_ns == 1);
  CHECK(std::get<gap_record>(second.value).lost == UINT64_MAX);
}

TEST_CASE("recording: the bytes of a file stay what docs/recording.md says, on every machine")
{
  std::string bytes;
  append_file_head(bytes);
  append(bytes, gap_record{.time_ns = 0x0102030405060708, .lost = 3});
  const std::string expected =
      std::string("shmbus\r\n\1\0\0\0\0\0\0\0", 16) +
      std::string("\x74\x76\x61\xb1\x4e\x93\x0c\xd0", 8) +  // XXH3 of the rest of the head
      std::string("\x58\xe9\xcb\x18\xb1\x46\xcc\x6f", 8) +  // XXH3 of the body
      std::string("\20\0\0\0\0\0\0\0", 8) + std::string("\3\0\0\0\0\0\0\0", 8) +
      std::string("\x08\7\6\5\4\3\2\1", 8) + std::string("\3\0\0\0\0\0\0\0", 8);
  CHECK(bytes == expected);
}

TEST_CASE("recording: of each beginning of a record it is said how much is missing")
{
  const std::string bytes = one("hello");
  for (std::size_t size = 0; size != bytes.size(); ++size) {
    const decoded d = decode(as_bytes(bytes).first(size));
    REQUIRE(d.what == outcome::incomplete);
    CHECK(d.size == (size < record_head_size ? record_head_size : bytes.size()));
  }
}

TEST_CASE("recording: a record with any bit flipped is damaged")
{
  const std::string bytes = one("hello");
  for (std::size_t bit = 0; bit != bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    const decoded d = decode(as_bytes(changed));
    CHECK(d.what == outcome::damaged);
    CHECK_FALSE(d.problem.empty());
  }
}

TEST_CASE("recording: the head of a file with any bit flipped is no recording")
{
  std::string bytes;
  append_file_head(bytes);
  CHECK(decode_file_head(as_bytes(bytes)).what == outcome::whole);
  for (std::size_t bit = 0; bit != 12 * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    CHECK(decode_file_head(as_bytes(changed)).what == outcome::damaged);
  }
}

TEST_CASE("recording: a record of an unknown kind is passed over")
{
  std::string bytes = one("hello");
  bytes[24] = 100;
  const std::string of_head = [&] {
    std::string out;
    for (std::uint64_t c = checksum(as_bytes(bytes).subspan(8, 24)), i = 0; i != 8; ++i)
      out += static_cast<char>(c >> 8 * i & 0xff);
    return out;
  }();
  bytes.replace(0, 8, of_head);
  const decoded d = decode(as_bytes(bytes));
  CHECK(d.what == outcome::whole);
  CHECK(d.size == bytes.size());
  CHECK(std::holds_alternative<std::monostate>(d.value));
}

TEST_CASE("recording: a whole record that makes no sense is damaged")
{
  std::string bytes;
  SUBCASE("a topic that is none") { append(bytes, sample::message("no slash", "")); }
  SUBCASE("a time that nobody has")
  {
    message_record m = sample::message("/a", "");
    m.time_ns = INT64_MIN;
    append(bytes, m);
  }
  SUBCASE("a gap at a time that nobody has")
  {
    append(bytes, gap_record{.time_ns = INT64_MAX, .lost = 1});
  }
  CHECK(decode(as_bytes(bytes)).what == outcome::damaged);
}
