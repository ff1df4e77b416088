#include "command/progress.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace shmbus::command {
namespace {

using namespace std::chrono_literals;

// On the left of a line that is empty.
constexpr std::string_view wiped = "\r\x1b[K";

void write(std::string_view text) noexcept
{
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

std::size_t columns() noexcept
{
  ::winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

progress::progress()
    : terminal_(::isatty(STDERR_FILENO) == 1), from_(std::chrono::steady_clock::now() + 2s)
{
}

void progress::show(std::string_view text) noexcept
{
  if (!terminal_ || std::chrono::steady_clock::now() < from_) return;
  // A line that wraps could not be wiped.
  std::string line(wiped);
  line += text.substr(0, std::min(text.size(), columns() - 1));
  write(line);
  shown_ = true;
}

void progress::wipe() noexcept
{
  if (shown_) write(wiped);
  shown_ = false;
}

void progress::keep_showing(asio::io_context& context, std::function<std::string()> text)
{
  asio::co_spawn(context, show_again(std::move(text)), asio::detached);
}

asio::awaitable<void> progress::show_again(std::function<std::string()> text)
{
  asio::steady_timer timer(co_await asio::this_coro::executor, from_);
  while (terminal_) {
    co_await timer.async_wait(asio::use_awaitable);
    show(text());
    timer.expires_after(250ms);
  }
}

}  // namespace shmbus::command
