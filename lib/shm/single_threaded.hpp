#pragma once

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace shmbus::shm {

/// Whether this process has no other thread, so that what only threads of this process share needs
/// no atomic read-modify-write. The C library clears it before a second thread starts.
inline bool single_threaded() noexcept
{
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

}  // namespace shmbus::shm
