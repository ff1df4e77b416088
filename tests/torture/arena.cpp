#include "torture/arena.hpp"

#include <sys/mman.h>

#include <chrono>
#include <cstdlib>
#include <new>

namespace torture {

arena& shared_arena()
{
  static arena* const a = [] {
    void* p =
        ::mmap(nullptr, sizeof(arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) std::abort();
    return new (p) arena{};
  }();
  return *a;
}

std::uint64_t now_ns()
{
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

call_timer::call_timer(arena::figures& f) : figures_(f), began_(now_ns())
{
  figures_.call_began_ns = began_;
}

call_timer::~call_timer()
{
  const std::uint64_t took = now_ns() - began_;
  figures_.call_began_ns = 0;
  if (took > figures_.slowest_ns) figures_.slowest_ns = took;
}

}  // namespace torture
