#include "command/line_input.hpp"

#include "command/failure.hpp"
#include "shmbus/errc.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shmbus::command {
namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;

}  // namespace

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
  // A last line that has no end.
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
    co_await ready_.wait();
    read_.resize(old_size + read_size);
    const ::ssize_t n = ::read(STDIN_FILENO, read_.data() + old_size, read_size);
    const int error = n < 0 ? errno : 0;
    read_.resize(old_size + (n > 0 ? static_cast<std::size_t>(n) : 0));
    if (n >= 0) co_return n > 0;
    if (error != EINTR && error != EAGAIN)
      throw failure(status_error,
                    "cannot read standard input: " + std::generic_category().message(error));
  }
}

}  // namespace shmbus::command
