// What being looked at costs those who are: a publisher's rate while `shmbus top` shows its bus, beside
// its rate while that is stopped.
//
//   build/bench/bench_observed COMMAND [ROUNDS]      COMMAND: build/tools/shmbus
//
// One thread on CPU 0 publishes to 200 topics and receives it all, among 20 subscribers; `top` runs
// in a terminal of its own on CPU 1, five times a second instead of once, and is stopped (SIGSTOP)
// for every other half a second.

#include "support/machine.hpp"
#include "support/samples.hpp"
#include "support/scratch.hpp"
#include <shmbus/sync.hpp>

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using steady_clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// `shmbus top` in a terminal that nobody looks at.
class spectator {
public:
  spectator(const char* command, const std::filesystem::path& directory, int cpu)
  {
    ::winsize size{50, 150, 0, 0};
    id_ = ::forkpty(&screen_, nullptr, nullptr, &size);
    if (id_ < 0) throw std::runtime_error("no terminal");
    if (id_ == 0) {
      ::setenv("SHMBUS_DIR", directory.c_str(), 1);
      ::setenv("TERM", "xterm-256color", 1);
      bench::pin_to(cpu);
      ::execl(command, command, "top", "observed", "--interval", "0.2", nullptr);
      ::_exit(127);
    }
    drain_ = std::thread([this, cpu] {
      bench::pin_to(cpu);
      std::array<char, 65536> some;
      for (::ssize_t n; (n = ::read(screen_, some.data(), some.size())) > 0;)
        seen_ += static_cast<std::size_t>(n);
    });
  }
  ~spectator()
  {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    drain_.join();
    ::close(screen_);
  }
  spectator(const spectator&) = delete;
  spectator& operator=(const spectator&) = delete;

  void stop() const { ::kill(id_, SIGSTOP); }
  void go_on() const { ::kill(id_, SIGCONT); }
  std::size_t seen() const { return seen_; }

private:
  ::pid_t id_ = -1;
  int screen_ = -1;
  std::thread drain_;
  std::atomic<std::size_t> seen_{0};
};

class stage {
public:
  stage()
  {
    everything_.subscribe("/observed/#");
    for (int i = 0; i != 19; ++i) others_.emplace_back(bus_).subscribe("/elsewhere/#");
    for (int i = 0; i != 200; ++i) topics_.emplace_back("/observed/topic-" + std::to_string(i));
  }

  // Messages a second.
  double play(steady_clock::duration time)
  {
    const std::array<std::byte, 64> payload{};
    std::size_t count = 0;
    const auto begin = steady_clock::now();
    steady_clock::duration took{};
    for (; took < time; took = steady_clock::now() - begin) {
      for (const auto& t : topics_) publisher_.try_publish(t, payload);
      while (everything_.try_receive()) ++count;
    }
    return static_cast<double>(count) / std::chrono::duration<double>(took).count();
  }

  const std::filesystem::path& directory() const { return scratch_.path(); }

private:
  bench::scratch_directory scratch_;
  shmbus::sync::broker bus_{{.name = "observed", .directory = scratch_.path()}};
  shmbus::sync::publisher publisher_{bus_};
  shmbus::sync::subscriber everything_{bus_};
  std::deque<shmbus::sync::subscriber> others_;
  std::vector<shmbus::topic> topics_;
};

int measure(const char* command, int rounds)
{
  bench::print_machine("publisher on CPU 0, top on CPU 1");
  const int other_cpu = 1 % bench::usable_cpus();  // as long as this process may use them all
  bench::pin_to(0);
  stage s;
  s.play(200ms);
  const spectator top(command, s.directory(), other_cpu);
  while (top.seen() < 4096) s.play(50ms);  // it has drawn a screen
  std::vector<double> alone;
  std::vector<double> watched;
  std::vector<double> ratios;
  for (int i = 0; i != rounds; ++i) {
    top.stop();
    alone.push_back(s.play(500ms));
    const auto seen = top.seen();
    top.go_on();
    watched.push_back(s.play(500ms));
    if (top.seen() == seen) throw std::runtime_error("top has drawn nothing");
    ratios.push_back(watched.back() / alone.back());
  }
  std::printf("messages a second, median of %d rounds of 0.5 s each\n", rounds);
  std::printf("  nobody looks        %12.0f\n", bench::median(alone));
  std::printf("  top, 5 a second     %12.0f\n", bench::median(watched));
  std::printf("  ratio in a round    %12.3f   (quartiles %.3f to %.3f)\n", bench::median(ratios),
              bench::quantile(ratios, 0.25), bench::quantile(ratios, 0.75));
  return 0;
}

}  // namespace

int main(int argc, char** argv)
{
  if (argc < 2) {
    std::fputs("usage: bench_observed COMMAND [ROUNDS]\n", stderr);
    return 2;
  }
  try {
    return measure(argv[1], argc > 2 ? std::atoi(argv[2]) : 40);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_observed: %s\n", e.what());
    return 1;
  }
}
