#include "view.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace demo {
namespace {

constexpr std::uint64_t first_few = 5;
constexpr std::size_t title_width = 18;

std::size_t terminal_width()
{
  ::winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) return size.ws_col - 1U;
  return 79;
}

}  // namespace

view::view(std::string title, int row) : title_(std::move(title)), row_(row)
{
  title_.resize(title_width, ' ');
}

void view::show(const shmbus::message& m, std::uint64_t received, std::uint64_t lost)
{
  using namespace std::chrono_literals;
  const auto now = clock::now();
  const bool is_early = row_ == 0 && received <= first_few;
  if (!is_early && (now < next_ || skip_-- > 0)) return;

  const std::string last = std::string(m.topic()) + ' ' + std::string(m.text());
  if (is_early) {
    write(last);
    next_ = begin_ + 1s;
    return;
  }
  next_ = now + (row_ == 0 ? 1000ms : 100ms);
  skip_ = ++lines_ * 3 % 8;  // they come in batches: not always the first of one
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begin_).count();
  write(std::to_string(seconds) + " s: " + std::to_string(received) + " messages, " +
        std::to_string(lost) + " lost; last: " + last);
}

void view::show_result(const std::string& text) { write(text); }

void view::write(std::string text) const
{
  text.insert(0, title_);
  if (row_ != 0) {
    // Up to our row, paint it anew, and down again; in one write, since two processes do this.
    text.resize(std::min(text.size(), terminal_width()));
    const std::string rows = std::to_string(row_);
    text = "\x1b[" + rows + "A\r" + text + "\x1b[K\x1b[" + rows + "B\r";
  } else {
    text += '\n';
  }
  [[maybe_unused]] const auto ignored = ::write(STDOUT_FILENO, text.data(), text.size());
}

}  // namespace demo
