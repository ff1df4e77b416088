#include "shm/process.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace shmbus;

TEST_CASE("a stopped process is told from one that goes on, and from one that there is not")
{
  const ::pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  const auto pid = static_cast<std::uint32_t>(child);
  CHECK_FALSE(shm::is_stopped(pid));
  ::kill(child, SIGSTOP);
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  REQUIRE(WIFSTOPPED(status));
  CHECK(shm::is_stopped(pid));
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK_FALSE(shm::is_stopped(pid));
  CHECK_FALSE(shm::is_stopped(0));
}
