#include "command/shared_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shmbus::command {

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT);

shared_descriptor::shared_descriptor(asio::io_context& context, int descriptor,
                                     std::uint32_t events)
    : watched_(descriptor), events_(static_cast<short>(events)), epoll_(context)
{
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category());
  epoll_.assign(made);
  ::epoll_event e{};
  e.events = events;
  can_wait_ = ::epoll_ctl(made, EPOLL_CTL_ADD, descriptor, &e) == 0;
}

asio::awaitable<void> shared_descriptor::wait()
{
  ::pollfd now{watched_, events_, 0};
  if (!can_wait_ || ::poll(&now, 1, 0) > 0) co_return;
  co_await epoll_.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
}

void occupy_standard_descriptors() noexcept
{
  for (const int d : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // In the wrong direction, so that its use still is an error. open() takes the lowest that is
    // free, which is this one.
    if (::fcntl(d, F_GETFD) < 0) ::open("/dev/null", d == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace shmbus::command
