#include "shm/memory_barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shmbus::shm {

namespace {

bool call(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

}  // namespace

void prepare_barriers() noexcept { call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }

bool barrier_on_all_threads() noexcept
{
  if (call(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return true;
  // Not registered: in a child of fork, perhaps.
  prepare_barriers();
  return call(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

}  // namespace shmbus::shm
