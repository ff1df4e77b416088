#include "command/top/screen.hpp"

#include "command/failure.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#define NCURSES_NOMACROS
#include <curses.h>

namespace shmbus::command {
namespace {

volatile ::sig_atomic_t asked_to_end = 0;

extern "C" void on_end(int) { asked_to_end = 1; }

void end_on(int signal)
{
  struct sigaction action {};
  action.sa_handler = on_end;  // without SA_RESTART: a wait for a key ends
  ::sigaction(signal, &action, nullptr);
}

key special(special_key k) { return {k, 0}; }

key translated(int code)
{
  switch (code) {
    case KEY_UP: return special(special_key::up);
    case KEY_DOWN: return special(special_key::down);
    case KEY_PPAGE: return special(special_key::page_up);
    case KEY_NPAGE: return special(special_key::page_down);
    case KEY_HOME: return special(special_key::home);
    case KEY_END: return special(special_key::end);
    case KEY_BACKSPACE:
    case 127:
    case 8: return special(special_key::backspace);
    case KEY_ENTER:
    case '\r':
    case '\n': return special(special_key::enter);
    case 27: return special(special_key::escape);
    default: return {special_key::none, code < 256 ? static_cast<char>(code) : '\0'};
  }
}

}  // namespace

screen::screen()
{
  // Otherwise ncurses itself ends the process, and badly, for a terminal it does not know.
  SCREEN* s = ::newterm(nullptr, stdout, stdin);
  if (!s) {
    const char* term = std::getenv("TERM");
    throw failure(status_error, "the terminal " + std::string(term ? term : "(no $TERM)") +
                                    " can't show this; use --once");
  }
  ::set_term(s);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) end_on(signal);
  ::cbreak();
  ::noecho();
  ::keypad(stdscr, true);
  ::set_escdelay(50);
  ::curs_set(0);
}

screen::~screen() { ::endwin(); }

std::size_t screen::width() const noexcept { return static_cast<std::size_t>(COLS); }
std::size_t screen::height() const noexcept { return static_cast<std::size_t>(LINES); }

void screen::show(const std::vector<frame_line>& lines)
{
  ::erase();
  for (std::size_t i = 0; i != lines.size(); ++i) {
    const auto look = lines[i].look == look::inverse ? A_REVERSE
                      : lines[i].look == look::bold  ? A_BOLD
                                                     : A_NORMAL;
    ::attrset(static_cast<int>(look));
    ::mvaddnstr(static_cast<int>(i), 0, lines[i].text.c_str(),
                static_cast<int>(lines[i].text.size()));
  }
  ::attrset(A_NORMAL);
  ::refresh();
}

std::optional<key> screen::wait(std::chrono::milliseconds time)
{
  ::timeout(static_cast<int>(time.count()));
  const int code = ::getch();
  if (code == ERR || code == KEY_RESIZE) return std::nullopt;
  return translated(code);
}

bool screen::ended() const noexcept { return asked_to_end != 0; }

}  // namespace shmbus::command
