#include "model/report.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace model {
namespace {

const char* running_now = "";

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void crashed(int signal)
{
  std::printf("not ok - %s: killed by signal %d\n", running_now, signal);
  std::fflush(stdout);
  std::_Exit(1);
}

void survive_crashes()
{
  static char stack[1 << 16];
  ::stack_t other{};
  other.ss_sp = stack;
  other.ss_size = sizeof(stack);
  ::sigaltstack(&other, nullptr);
  struct sigaction action {};
  action.sa_handler = crashed;
  action.sa_flags = SA_ONSTACK;
  for (int s : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE}) ::sigaction(s, &action, nullptr);
}

}  // namespace

int report(int argc, char** argv, const report_entry* entries, std::size_t count,
           void (*next_act)(), void (*look)())
{
  bool at_length = false;
  bool to_the_first = false;
  const char* only = "";
  std::uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--long") == 0)
      at_length = true;
    else if (std::strcmp(argv[i], "--first") == 0)
      to_the_first = true;
    else if (std::strncmp(argv[i], "--seed=", 7) == 0)
      seed = std::strtoull(argv[i] + 7, nullptr, 10) << 32;
    else
      only = argv[i];
  }
  survive_crashes();
  int failed = 0;
  int number = 0;
  std::uint64_t executions = 0;
  for (const report_entry* e = entries; e != entries + count; ++e) {
    if (!std::strstr(e->name, only)) continue;
    running_now = e->name;
    const double begin = cpu_seconds();
    const result r = explore({e->set_stage, next_act, look}, e->limits,
                             at_length ? e->at_length : e->in_short, seed);
    ++number;
    executions += r.executions;
    if (r.violation) {
      ++failed;
      std::printf("not ok %d - %s: %s (after %lu executions)\n", number, e->name, r.violation,
                  r.executions);
    } else {
      std::printf("ok %d - %s (%lu executions%s, %zu steps, %.1f s)\n", number, e->name,
                  r.executions, r.complete ? ", complete" : "", r.steps, cpu_seconds() - begin);
    }
    std::fflush(stdout);
    if (failed && to_the_first) break;
  }
  std::printf("%d scenarios, %lu executions, %d failed, %.0f s\n", number, executions, failed,
              cpu_seconds());
  return failed != 0;
}

}  // namespace model
