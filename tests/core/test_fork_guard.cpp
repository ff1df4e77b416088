#include "core/fork_guard.hpp"
#include "test.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>

using namespace shmbus;

namespace {

struct handle final : core::fork_sensitive {
  void abandon_in_child() noexcept override { ++abandoned; }
  int abandoned = 0;
};

// Runs `check` in a child; whether it was true there.
bool in_child(const std::function<bool()>& check)
{
  const ::pid_t pid = ::fork();
  if (pid == 0) ::_exit(check() ? 0 : 1);
  int status = -1;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("fork_guard: a handle is the parent's, and its child lets go of it")
{
  handle h;
  CHECK_FALSE(h.forked());
  CHECK(in_child([&] { return h.forked() && h.abandoned == 1; }));
  CHECK_FALSE(h.forked());
  CHECK(h.abandoned == 0);
}

TEST_CASE("fork_guard: what the child makes is its own, until it forks again")
{
  handle parents;
  CHECK(in_child([&] {
    handle own;
    return !own.forked() && own.abandoned == 0 && parents.forked() &&
           in_child([&] { return own.forked() && own.abandoned == 1 && parents.abandoned == 2; });
  }));
}

TEST_CASE("fork_guard: a handle that went before is not called")
{
  handle first;
  auto second = std::make_unique<handle>();
  handle third;
  second.reset();
  CHECK(in_child([&] { return first.abandoned == 1 && third.abandoned == 1; }));
}
