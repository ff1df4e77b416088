#include "torture/sender.hpp"

#include "torture/arena.hpp"
#include "torture/record.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace torture {

using namespace shmbus;

sender::sender(sync::broker& bus) : pub(bus), began_(now_ns()) {}

bool sender::send(const topic& t, std::size_t size, std::chrono::nanoseconds wait)
{
  std::vector<std::byte> memory(std::max(size, sizeof(record)));
  fill(memory, n_, began_);
  const std::span<const std::byte> bytes(memory);
  std::error_code ec;
  if (wait == std::chrono::nanoseconds{})
    pub.try_publish(t, bytes, ec);
  else
    pub.publish_for(t, bytes, wait, ec);
  if (!ec) ++n_;
  return !ec;
}

bool sender::send_loan(const topic& t)
{
  std::error_code ec;
  auto l = pub.loan(t, 200, ec);
  if (ec) return false;
  fill(l.bytes(), n_, began_);
  pub.try_publish(std::move(l), ec);
  if (!ec) ++n_;
  return !ec;
}

}  // namespace torture
