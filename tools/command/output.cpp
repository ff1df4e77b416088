#include "command/output.hpp"

#include "command/failure.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace shmbus::command {
namespace {

// A pipe that poll() calls writable takes that much without blocking.
constexpr std::size_t write_size = 4096;

enum class outcome { progress, no_reader, again };

outcome write_some(std::string_view& text)
{
  const ::ssize_t n = ::write(STDOUT_FILENO, text.data(), std::min(text.size(), write_size));
  if (n >= 0) {
    text.remove_prefix(static_cast<std::size_t>(n));
    return outcome::progress;
  }
  if (errno == EPIPE) return outcome::no_reader;
  if (errno == EINTR || errno == EAGAIN) return outcome::again;
  throw failure(status_error,
                "cannot write to standard output: " + std::generic_category().message(errno));
}

}  // namespace

output::output(asio::io_context& context)
    : room_(context, STDOUT_FILENO, EPOLLOUT), end_(context, STDOUT_FILENO, 0)
{
}

asio::awaitable<bool> output::write(std::string_view text)
{
  while (!text.empty()) {
    co_await room_.wait();
    if (write_some(text) == outcome::no_reader) co_return false;
  }
  co_return true;
}

void print(std::string_view text)
{
  while (!text.empty() && write_some(text) != outcome::no_reader) {
  }
}

void complain(std::string_view text) noexcept
{
  // One write, so that lines of several commands in a terminal do not mix. What standard error
  // refuses is nobody's to hear.
  std::string line = "shmbus: ";
  line.append(text).append("\n");
  std::ranges::replace(line.begin(), line.end() - 1, '\n', ' ');
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace shmbus::command
