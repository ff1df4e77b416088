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

bool child::ended(std::string& how)
{
  int status = 0;
  if (pid_ == 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return false;
  pid_ = 0;
  how = text(status);
  return true;
}

std::string child::wait_for(double seconds)
{
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::string how;
  while (pid_ != 0 && !ended(how)) {
    if (std::chrono::steady_clock::now() > end) {
      kill();
      return "still running after " + std::to_string(seconds) + " s";
    }
    sleep_us(500);
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
