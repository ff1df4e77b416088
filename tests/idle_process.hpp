#pragma once

#include "test.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>

/// A process that does nothing, until the end of the scope or of its own.
class idle_process {
public:
  idle_process() : pid_(::fork())
  {
    if (pid_ == 0) {
      while (true) ::pause();
    }
    REQUIRE(pid_ > 0);
  }
  ~idle_process() { end(); }
  idle_process(const idle_process&) = delete;
  idle_process& operator=(const idle_process&) = delete;

  std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

  void stop()
  {
    REQUIRE(::kill(pid_, SIGSTOP) == 0);
    int status = 0;
    REQUIRE(::waitpid(pid_, &status, WUNTRACED) == pid_);
    REQUIRE(WIFSTOPPED(status));
  }
  void end()
  {
    if (ended_) return;
    ended_ = true;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

private:
  ::pid_t pid_;
  bool ended_ = false;
};
