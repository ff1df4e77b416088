#include "shm/memory_barrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shmbus::shm {

bool barrier_on_all_threads() noexcept
{
  // Registration belongs to the process and is repeated at no cost worth saving: only close() and
  // its like come here.
  ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

}  // namespace shmbus::shm
