#include "sync/readiness.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>

namespace shmbus::sync {

std::unique_ptr<readiness> readiness::open(core::reader& r, std::error_code& ec)
{
  auto port = detail::port::open(r.bus(), ec);
  if (!port) return nullptr;
  port->attach_entered(r);
  std::unique_ptr<readiness> made(new readiness(r, std::move(port)));
  made->found_nothing();
  return made;
}

void readiness::found_nothing() noexcept
{
  using namespace std::chrono_literals;
  if (port_->woken()) {
    // The kernel tells of a closed file just before it lets the locks go.
    for (int i = 0; i < 4 && port_->recover() == 0; ++i) std::this_thread::sleep_for(100us);
  }
  const std::uint32_t ticket = port_->arm();
  std::error_code ignored;
  // A ticket that is out of date already makes the descriptor readable at once.
  port_->sleep(reader_.readable() || reader_.closed() ? ticket - 1 : ticket, ignored);
}

bool readiness::wait(const shm::deadline& until) noexcept
{
  using namespace std::chrono;
  int timeout = port_->has_alarm() ? -1 : static_cast<int>(port_->look_interval().count());
  if (until) {
    const auto left = ceil<milliseconds>(*until - steady_clock::now());
    const auto most = timeout < 0 ? milliseconds::max() : milliseconds(timeout);
    timeout = static_cast<int>(std::clamp<milliseconds::rep>(std::min(left, most).count(), 0,
                                                             std::numeric_limits<int>::max()));
  }
  ::pollfd p{descriptor(), POLLIN, 0};
  const int ready = ::poll(&p, 1, timeout);
  if (ready == 0 && !port_->has_alarm()) port_->recover_in_turn();
  return ready > 0 || !until || steady_clock::now() < *until;
}

int readiness_group::descriptor(std::error_code& ec)
{
  const std::lock_guard guard(mutex_);
  if (!epoll_) epoll_ = shm::file(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) ec = shm::last_error();
  return epoll_.descriptor();
}

bool readiness_group::active() const noexcept
{
  const std::lock_guard guard(mutex_);
  return static_cast<bool>(epoll_);
}

void readiness_group::add(int descriptor, std::error_code& ec)
{
  const std::lock_guard guard(mutex_);
  ::epoll_event e{};
  e.events = EPOLLIN;
  // It leaves the set by itself when it is closed.
  if (::epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, descriptor, &e) != 0 && errno != EEXIST)
    ec = shm::last_error();
}

}  // namespace shmbus::sync
