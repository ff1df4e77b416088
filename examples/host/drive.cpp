#include "demo.hpp"

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

extern char** environ;

namespace demo {
namespace {

using namespace std::chrono_literals;

::pid_t start(std::vector<std::string> arguments)
{
  std::vector<char*> pointers;
  for (auto& a : arguments) pointers.push_back(a.data());
  pointers.push_back(nullptr);
  ::pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, pointers.data(), environ);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start a process");
  return pid;
}

/// The processes of the demonstration, until the last of them has ended.
class family {
public:
  explicit family(asio::io_context& context)
      : signals_(context, SIGCHLD, SIGINT, SIGTERM), patience_(context)
  {
    wait();
  }

  void add(::pid_t child) { running_.push_back(child); }
  void set_publisher(::pid_t child) { add(publisher_ = child); }
  bool failed() const noexcept { return failed_; }

private:
  void wait()
  {
    signals_.async_wait([this](std::error_code ec, int signal) {
      if (ec) return;
      if (signal == SIGCHLD)
        collect();
      else if (is_running(publisher_))
        ::kill(publisher_, SIGTERM);  // it announces the end, and the others end with it
      if (!running_.empty()) return wait();
      patience_.cancel();
    });
  }

  void collect()
  {
    for (const ::pid_t child : std::vector(running_)) {
      int status = 0;
      if (::waitpid(child, &status, WNOHANG) != child) continue;
      std::erase(running_, child);
      if (status != 0) fail();
      if (child == publisher_) expect_end();
    }
  }

  // All has been published: the others have no reason to stay.
  void expect_end()
  {
    patience_.expires_after(10s);
    patience_.async_wait([this](std::error_code ec) {
      if (ec) return;
      std::fprintf(stderr, "host_demo: the end did not arrive\n");
      fail();
    });
  }

  void fail()
  {
    failed_ = true;
    for (const ::pid_t child : running_) ::kill(child, SIGTERM);
  }

  bool is_running(::pid_t child) const
  {
    return std::ranges::find(running_, child) != running_.end();
  }

  asio::signal_set signals_;
  asio::steady_timer patience_;
  std::vector<::pid_t> running_;
  ::pid_t publisher_ = 0;
  bool failed_ = false;
};

}  // namespace

int drive(std::chrono::seconds duration)
{
  const std::string bus = "host_demo-" + std::to_string(::getpid());
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  std::printf(
      "One process publishes this machine's figures on bus %s, two receive them.\n"
      "To look on: shmbus --bus %s sub '%s'\n%s",
      bus.c_str(), bus.c_str(), everything, terminal ? "\n\n" : "");
  std::fflush(stdout);

  // This process never opens the bus itself: who did must not fork.
  asio::io_context context;
  family children(context);
  children.add(start({"host_demo", "watch", bus, everything, terminal ? "2" : "0"}));
  children.add(start({"host_demo", "watch", bus, cpu_loads, terminal ? "1" : "0"}));
  children.set_publisher(start({"host_demo", "publish", bus, std::to_string(duration.count())}));
  context.run();

  if (children.failed()) {
    std::fprintf(stderr, "host_demo: not every message arrived\n");
    return 1;
  }
  std::printf(
      "Every message arrived. Latency: one way, from publish() to the coroutine that waits.\n");
  return 0;
}

}  // namespace demo
