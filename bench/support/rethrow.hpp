#pragma once

#include <exception>

namespace bench {

/// For co_spawn: what ends a coroutine ends the program.
inline void rethrow(std::exception_ptr e)
{
  if (e) std::rethrow_exception(e);
}

}  // namespace bench
