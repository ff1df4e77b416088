#include "torture/arena.hpp"

#include <chrono>

namespace torture {

arena& shared_arena()
{
  static arena& a = make_shared_by_children<arena>();
  return a;
}

std::uint64_t now_ns()
{
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

call_timer::call_timer(arena::figures& f) : figures_(f), began_(now_ns()) {}

call_timer::~call_timer()
{
  const std::uint64_t took = elapsed_ns();
  if (took > figures_.slowest_ns) figures_.slowest_ns = took;
}

std::uint64_t call_timer::elapsed_ns() const { return now_ns() - began_; }

}  // namespace torture
