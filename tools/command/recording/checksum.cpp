#include "command/recording/checksum.hpp"

#define XXH_INLINE_ALL  // no library is needed where the command runs
#include <xxhash.h>

namespace shmbus::recording {

std::uint64_t checksum(bytes data) noexcept { return XXH3_64bits(data.data(), data.size()); }

}  // namespace shmbus::recording
