#include "command/recording/reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shmbus::recording {
namespace {

constexpr std::size_t first_size = std::size_t{1} << 20;

}  // namespace

reader::reader() : memory_(first_size) {}

const record* reader::next()
{
  while (end_ == end::none) {
    const bytes there(memory_.data() + begin_, filled_ - begin_);
    const bool at_head = position_ == 0;
    current_ = at_head ? decode_file_head(there) : decode(there);
    if (current_.what == decoded::outcome::incomplete) break;
    if (current_.what == decoded::outcome::damaged) {
      end_ = end::damaged;
      break;
    }
    begin_ += current_.size;
    position_ += current_.size;
    if (!at_head) return &current_.value;
  }
  return nullptr;
}

// The memory at most doubles before more was read: a length without its bytes costs nothing.
std::span<std::byte> reader::room()
{
  std::memmove(memory_.data(), memory_.data() + begin_, filled_ - begin_);
  filled_ -= std::exchange(begin_, 0);
  if (filled_ == memory_.size())
    memory_.resize(std::min<std::uint64_t>(current_.size, std::uint64_t{memory_.size()} * 2));
  return std::span(memory_).subspan(filled_);
}

void reader::filled(std::size_t size)
{
  filled_ += size;
  if (size != 0 || end_ != end::none) return;
  // A file without a byte is one whose writer was killed before the first.
  const bool clean = begin_ == filled_ && position_ != 0;
  end_ = clean ? end::clean : end::torn;
  if (!clean) current_.problem = "it ends within a record";
}

}  // namespace shmbus::recording
