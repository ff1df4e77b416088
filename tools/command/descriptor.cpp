#include "command/descriptor.hpp"

#include "command/failure.hpp"
#include "shmbus/errc.hpp"

#include <asio/use_awaitable.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace shmbus::command {
namespace {

failure system_failure(const char* what)
{
  return {status_error, what + std::string(": ") + std::generic_category().message(errno)};
}

bool is_ready(int descriptor, short events) noexcept
{
  ::pollfd p{descriptor, events, 0};
  return ::poll(&p, 1, 0) != 0;
}

// A pipe that poll() calls writable takes that much without blocking.
constexpr std::size_t write_size = 4096;
constexpr std::size_t read_size = std::size_t{64} << 10;

constexpr auto cannot_write = "cannot write to standard output";

}  // namespace

shared_descriptor::shared_descriptor(asio::io_context& context, int descriptor,
                                     std::uint32_t events)
    : epoll_(context)
{
  const int made = ::epoll_create1(EPOLL_CLOEXEC);
  if (made < 0) throw system_failure("cannot wait");
  epoll_.assign(made);
  ::epoll_event e{};
  e.events = events;
  can_wait_ = ::epoll_ctl(made, EPOLL_CTL_ADD, descriptor, &e) == 0;
}

asio::awaitable<void> shared_descriptor::wait()
{
  co_await epoll_.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
}

output::output(asio::io_context& context)
    : room_(context, STDOUT_FILENO, EPOLLOUT), end_(context, STDOUT_FILENO, 0)
{
}

asio::awaitable<bool> output::write(std::string_view text)
{
  while (!text.empty()) {
    if (room_.can_wait() && !is_ready(STDOUT_FILENO, POLLOUT)) co_await room_.wait();
    const auto part = text.substr(0, write_size);
    const ::ssize_t n = ::write(STDOUT_FILENO, part.data(), part.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EPIPE)
      co_return false;
    else if (errno != EINTR && errno != EAGAIN)
      throw system_failure(cannot_write);
  }
  co_return true;
}

asio::awaitable<void> output::closed()
{
  if (end_.can_wait()) co_await end_.wait();
}

line_input::line_input(asio::io_context& context, std::size_t max_size)
    : ready_(context, STDIN_FILENO, EPOLLIN), max_size_(max_size)
{
}

asio::awaitable<bool> line_input::next(std::string& line)
{
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = read_.find('\n', searched);
    const bool found = end != std::string::npos;
    const std::size_t size = (found ? end : read_.size()) - begin_;
    if (size > max_size_) throw std::system_error(make_error_code(errc::message_too_large));
    if (found) {
      line.assign(read_, begin_, size);
      begin_ = end + 1;
      co_return true;
    }
    searched = size;  // fill() moves what is left to the front
    if (!co_await fill()) break;
  }
  line.swap(read_);
  read_.clear();
  co_return !line.empty();
}

asio::awaitable<bool> line_input::fill()
{
  read_.erase(0, begin_);
  begin_ = 0;
  const std::size_t old_size = read_.size();
  for (;;) {
    if (ready_.can_wait() && !is_ready(STDIN_FILENO, POLLIN)) co_await ready_.wait();
    read_.resize(old_size + read_size);
    const ::ssize_t n = ::read(STDIN_FILENO, read_.data() + old_size, read_size);
    const int error = errno;
    read_.resize(old_size + (n > 0 ? static_cast<std::size_t>(n) : 0));
    errno = error;
    if (n >= 0) co_return n > 0;
    if (errno != EINTR && errno != EAGAIN) throw system_failure("cannot read standard input");
  }
}

void print(std::string_view text)
{
  while (!text.empty()) {
    const ::ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n >= 0)
      text.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EPIPE)
      return;
    else if (errno == EAGAIN) {
      ::pollfd p{STDOUT_FILENO, POLLOUT, 0};
      ::poll(&p, 1, -1);
    } else if (errno != EINTR) {
      throw system_failure(cannot_write);
    }
  }
}

void occupy_standard_descriptors() noexcept
{
  for (const int d : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // In the wrong direction, so that using it still is an error. open() takes the lowest that is
    // free, which is this one.
    if (::fcntl(d, F_GETFD) < 0) ::open("/dev/null", d == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace shmbus::command
