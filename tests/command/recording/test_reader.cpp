// Reading a whole file: exactly the whole records before the first that is not.
#include "command/recording/checksum.hpp"
#include "command/recording/reader.hpp"
#include "command/recording/sample.hpp"

#include <algorithm>
#include <cstring>
#include <random>

using namespace shmbus::recording;

namespace {

// Gives out a text in parts, as a pipe may.
class parts {
public:
  parts(std::string text, std::size_t most) : text_(std::move(text)), most_(most) {}

  std::size_t operator()(std::span<std::byte> to)
  {
    largest_ = std::max(largest_, to.size());
    const std::size_t n = std::min({to.size(), most_, text_.size() - given_});
    std::memcpy(to.data(), text_.data() + given_, n);
    given_ += n;
    return n;
  }
  std::size_t largest() const noexcept { return largest_; }

private:
  std::string text_;
  std::size_t most_;
  std::size_t given_ = 0;
  std::size_t largest_ = 0;
};

const record* next(reader& r, parts& source)
{
  while (r.ending() == reader::end::none) {
    if (const record* one = r.next()) return one;
    if (r.ending() == reader::end::none) r.filled(source(r.room()));
  }
  return nullptr;
}

std::size_t count_all(reader& r, parts& source)
{
  std::size_t count = 0;
  while (next(r, source)) ++count;
  CHECK(r.next() == nullptr);
  return count;
}

std::string with_a_length(std::uint64_t size)
{
  std::string file = sample().file;
  std::string head;
  for (std::size_t i = 0; i != 8; ++i) head += '\0';  // of the body
  for (std::size_t i = 0; i != 8; ++i) head += static_cast<char>(size >> 8 * i & 0xff);
  head += std::string("\2\0\0\0\0\0\0\0", 8);
  const std::uint64_t sum = checksum(as_bytes(head));
  for (std::size_t i = 0; i != 8; ++i) file += static_cast<char>(sum >> 8 * i & 0xff);
  return file + head;
}

}  // namespace

TEST_CASE("recording: all records come, whatever the parts in which they are read")
{
  const sample s;
  for (const std::size_t most : {1, 7, 64, 100'000}) {
    reader r;
    parts source(s.file, most);
    CHECK(count_all(r, source) == s.ends.size() - 1);
    CHECK(r.ending() == reader::end::clean);
    CHECK(r.position() == s.file.size());
    CHECK(r.problem().empty());
  }
}

TEST_CASE("recording: cut off at any byte, exactly the whole records before it come")
{
  const sample s;
  for (std::size_t size = 0; size <= s.file.size(); ++size) {
    reader r;
    parts source(s.file.substr(0, size), 50);
    const auto whole = std::upper_bound(s.ends.begin(), s.ends.end(), size) - s.ends.begin();
    CHECK(count_all(r, source) == static_cast<std::size_t>(std::max<std::ptrdiff_t>(whole - 1, 0)));
    const bool at_an_end = whole > 0 && s.ends[static_cast<std::size_t>(whole) - 1] == size;
    CHECK(r.ending() == (at_an_end ? reader::end::clean : reader::end::torn));
    CHECK(r.position() == (whole > 0 ? s.ends[static_cast<std::size_t>(whole) - 1] : 0));
    CHECK(r.problem().empty() == at_an_end);
    CHECK_FALSE(r.foreign());
  }
}

TEST_CASE("recording: with any byte changed, exactly the records before it come")
{
  const sample s;
  for (std::size_t at = file_head_size; at != s.file.size(); ++at) {
    std::string changed = s.file;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    reader r;
    parts source(changed, 1000);
    const auto before = std::upper_bound(s.ends.begin(), s.ends.end(), at) - s.ends.begin() - 1;
    CHECK(count_all(r, source) == static_cast<std::size_t>(before));
    CHECK(r.ending() == reader::end::damaged);
    CHECK(r.position() == s.ends[static_cast<std::size_t>(before)]);
  }
}

TEST_CASE("recording: another file is none, and so is another version")
{
  for (const std::string& text :
       {std::string("\x7f"
                    "ELF and so on"),
        std::string(100, '\0'), std::string("shmbus\r\n\2\0\0\0\0\0\0\0", 16)}) {
    reader r;
    parts source(text, 1000);
    CHECK(count_all(r, source) == 0);
    CHECK(r.foreign());
    CHECK_FALSE(r.problem().empty());
  }
}

TEST_CASE("recording: a length beyond all messages is refused, and takes no memory")
{
  for (const std::uint64_t size : {max_body_size + 1, UINT64_MAX, UINT64_MAX - 31}) {
    parts source(with_a_length(size) + std::string(1000, 'x'), 100'000);
    reader r;
    CHECK(count_all(r, source) == sample().ends.size() - 1);
    CHECK(r.ending() == reader::end::damaged);
    CHECK(source.largest() <= std::size_t{1} << 20);
  }
}

TEST_CASE("recording: a length without the bytes takes no memory")
{
  parts source(with_a_length(max_body_size) + std::string(1000, 'x'), 100'000);
  reader r;
  CHECK(count_all(r, source) == sample().ends.size() - 1);
  CHECK(r.ending() == reader::end::torn);
  CHECK(source.largest() <= std::size_t{1} << 20);
}

TEST_CASE("recording: a message larger than what is read at once comes whole")
{
  std::string file = sample().file;
  const std::string large(5'000'000, 'x');
  append(file, sample::message("/large", large));
  reader r;
  parts source(file, 70'000);
  const record* last = nullptr;
  for (std::size_t i = 0; i != sample().ends.size(); ++i) last = next(r, source);
  REQUIRE(last);
  CHECK(std::get<message_record>(*last).payload.size() == large.size());
  CHECK(next(r, source) == nullptr);
  CHECK(r.ending() == reader::end::clean);
}

TEST_CASE("recording: garbage ends the reading, and nothing else")
{
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const sample s;
  for (int round = 0; round != 20'000; ++round) {
    std::string text = s.file.substr(0, below(s.file.size() + 1));
    const bool changed = !text.empty() && below(2) == 0;
    std::size_t first = text.size();
    for (std::size_t n = changed ? 1 + below(4) : 0; n != 0; --n) {
      const std::size_t at = below(text.size());
      first = std::min(first, at);
      text[at] = static_cast<char>(random());
    }
    for (std::size_t n = below(100); n != 0; --n) text += static_cast<char>(random());
    reader r;
    parts source(text, 1 + below(300));
    count_all(r, source);
    CHECK(r.ending() != reader::end::none);
    // What was not changed before it is read, and nothing of what came behind as garbage.
    CHECK(r.position() <= s.file.size());
    const auto whole = std::upper_bound(s.ends.begin(), s.ends.end(), first) - s.ends.begin();
    if (whole > 0) CHECK(r.position() >= s.ends[static_cast<std::size_t>(whole) - 1]);
  }
}
