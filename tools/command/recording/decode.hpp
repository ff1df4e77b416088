#pragma once

#include "command/recording/format.hpp"

#include <string_view>

namespace shmbus::recording {

/// What bytes turned out to be.
struct decoded {
  enum class outcome {
    whole,       ///< `size` bytes of them
    incomplete,  ///< `size` bytes of them are needed to go on
    damaged,     ///< whatever may follow; `problem` says why
  };

  outcome what = outcome::damaged;
  std::uint64_t size = 0;
  record value{};  ///< refers to the bytes
  std::string_view problem{};
};

/// Looks for what a file begins with.
decoded decode_file_head(bytes data) noexcept;

/// Looks for a record at the beginning of `data`. Believes nothing that no checksum vouches for.
decoded decode(bytes data) noexcept;

}  // namespace shmbus::recording
