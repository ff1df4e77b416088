#include "torture/child.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <utility>

namespace torture {

child::child(const std::function<int()>& f) : pid_(::fork())
{
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int status = 3;
  try {
    status = f();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "child %d: %s\n", ::getpid(), e.what());
  }
  std::fflush(nullptr);
  ::_exit(status);
}

child::child(child&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

child& child::operator=(child&& other) noexcept
{
  std::swap(pid_, other.pid_);
  return *this;
}

void child::signal(int number) const { ::kill(pid_, number); }

std::string child::text(int status)
{
  if (WIFEXITED(status))
    return WEXITSTATUS(status) == 0 ? "" : "exit status " + std::to_string(WEXITSTATUS(status));
  return "signal " + std::to_string(WTERMSIG(status));
}

std::string child::kill()
{
  if (pid_ == 0) return {};
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(std::exchange(pid_, 0), &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? "" : text(status);
}

std::string child::wait()
{
  if (pid_ == 0) return {};
  int status = 0;
  ::waitpid(std::exchange(pid_, 0), &status, 0);
  return text(status);
}

bool child::ended(std::string& how) { return look(how) == state::ended; }

child::state child::look(std::string& how)
{
  int status = 0;
  if (pid_ == 0) return state::ended;
  if (::waitpid(pid_, &status, WNOHANG | WUNTRACED) != pid_) return state::runs;
  if (WIFSTOPPED(status)) return state::stopped;
  pid_ = 0;
  how = text(status);
  return state::ended;
}

child::state child::wait_for_stop(double seconds, std::string& how)
{
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  state s;
  while ((s = look(how)) == state::runs && std::chrono::steady_clock::now() < end) sleep_us(100);
  return s;
}

std::string child::wait_for(double seconds)
{
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::string how;
  for (state s; (s = look(how)) != state::ended; sleep_us(500)) {
    if (s == state::stopped) signal(SIGCONT);
    if (std::chrono::steady_clock::now() <= end) continue;
    kill();
    return "still running after " + std::to_string(seconds) + " s";
  }
  return how;
}

void light_fuse(std::uint64_t us)
{
  const ::pid_t me = ::getpid();
  if (::fork() != 0) return;
  sleep_us(us);
  ::kill(me, SIGKILL);
  ::_exit(0);
}

void sleep_us(std::uint64_t us) { std::this_thread::sleep_for(std::chrono::microseconds(us)); }

}  // namespace torture
