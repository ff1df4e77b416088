#pragma once

#include "command/recording/decode.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shmbus::recording {

/// Reads a recording from its beginning up to the first record that is not whole:
///
///   while (r.ending() == reader::end::none)
///     if (const record* one = r.next()) use(*one);
///     else if (r.ending() == reader::end::none) r.filled(read(descriptor, r.room()));
///
/// Takes memory for the largest record that is there, never for what a length alone claims.
class reader {
public:
  reader();

  /// The next record; it stays until the next call. Null: it ended, or more has to be read.
  const record* next();

  /// Where to put what is read next; not empty.
  std::span<std::byte> room();
  /// So much was put there; 0: nothing more will come.
  void filled(std::size_t size);

  enum class end {
    none,     ///< not yet
    clean,    ///< after a whole record
    torn,     ///< within a record: its writer was killed, or the file was cut off
    damaged,  ///< at a record that is not as it was written
  };
  end ending() const noexcept { return end_; }
  /// Why it ended there; empty if it did so cleanly.
  std::string_view problem() const noexcept { return current_.problem; }
  /// It is another kind of file, or an unknown version: nothing of it was read.
  bool foreign() const noexcept { return end_ == end::damaged && position_ == 0; }

  /// Where the last whole record ended, in bytes from the beginning.
  std::uint64_t position() const noexcept { return position_; }

private:
  std::vector<std::byte> memory_;
  std::size_t begin_ = 0;  // of what is not yet decoded
  std::size_t filled_ = 0;
  std::uint64_t position_ = 0;
  end end_ = end::none;
  decoded current_;
};

}  // namespace shmbus::recording
