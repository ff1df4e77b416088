#include "support/child.hpp"
#include "support/rethrow.hpp"
#include "wakeup/contender.hpp"

#include <asio.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace bench {
namespace {

constexpr std::uint64_t more = 1;
constexpr std::uint64_t end = 2;

void send(int descriptor, std::uint64_t what)
{
  if (::write(descriptor, &what, sizeof what) != sizeof what) throw std::runtime_error("write");
}

std::uint64_t take(int descriptor)
{
  std::uint64_t what = 0;
  if (::read(descriptor, &what, sizeof what) != sizeof what) throw std::runtime_error("read");
  return what;
}

// What anybody would write by hand: wait until it is readable, then read the counter.
asio::awaitable<void> ping_coroutine(int out, asio::posix::stream_descriptor& in, lap_timer& laps)
{
  while (laps.next()) {
    send(out, more);
    co_await in.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
    take(in.native_handle());
  }
  send(out, end);
}

asio::awaitable<void> back_coroutine(int out, asio::posix::stream_descriptor& in)
{
  while (true) {
    co_await in.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
    if (take(in.native_handle()) == end) co_return;
    send(out, more);
  }
}

struct channel {
  int in;
  int out;
};

channel make_eventfd()
{
  const int both = ::eventfd(0, 0);
  return {both, both};
}

channel make_pipe()
{
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
  return {ends[0], ends[1]};
}

template <channel (*Make)()>
void ping(const contender& self, int back_cpu, lap_timer& laps)
{
  const channel there = Make();
  const channel here = Make();
  child other(back_arguments(self, back_cpu, {std::to_string(there.in), std::to_string(here.out)}));
  asio::io_context io{1};
  asio::posix::stream_descriptor in(io, here.in);
  asio::co_spawn(io, ping_coroutine(there.out, in, laps), rethrow);
  io.run();
  other.wait();
}

int back(const std::vector<std::string>& arguments)
{
  asio::io_context io{1};
  asio::posix::stream_descriptor in(io, std::stoi(arguments.at(0)));
  asio::co_spawn(io, back_coroutine(std::stoi(arguments.at(1)), in), rethrow);
  io.run();
  return 0;
}

}  // namespace

const contender eventfd_coroutines{"floor: coroutines, eventfd", ping<make_eventfd>, back};
const contender pipe_coroutines{"coroutines, pipe", ping<make_pipe>, back};

}  // namespace bench
