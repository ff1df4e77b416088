#pragma once

#include "test.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace shmbus::test {

/// A running `peer` (see sync/peer.cpp); killed with its object.
class peer_process {
public:
  peer_process(std::initializer_list<std::string> arguments)
  {
    const char* folder = std::getenv("SHMBUS_TEST_PROGRAMS");
    std::vector<std::string> words{std::string(folder ? folder : ".") + "/peer"};
    words.insert(words.end(), arguments);
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    REQUIRE(::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv.data(), environ) == 0);
  }
  peer_process(peer_process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  ~peer_process() { kill(); }

  void kill()
  {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }

  /// Its exit status; -1 if it was killed.
  int wait()
  {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

private:
  ::pid_t pid_ = 0;
};

}  // namespace shmbus::test
