#include "support/machine.hpp"

#include <sched.h>
#include <sys/utsname.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

namespace bench {

std::string cpu_model()
{
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

void print_machine(std::string_view pinning)
{
  ::utsname system{};
  ::uname(&system);
  char date[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%Y-%m-%d", std::localtime(&now));
  std::printf("cpu       %s, %u usable\n", cpu_model().c_str(),
              std::thread::hardware_concurrency());
  std::printf("kernel    %s %s\n", system.sysname, system.release);
#if defined(__clang__)
  std::printf("compiler  clang %s\n", __clang_version__);
#else
  std::printf("compiler  g++ %s\n", __VERSION__);
#endif
  std::printf("date      %s\n", date);
  std::printf("pinning   %.*s\n\n", static_cast<int>(pinning.size()), pinning.data());
  std::fflush(stdout);
}

void pin_to(int cpu)
{
  ::cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot pin to a CPU");
}

std::vector<int> list_cpus()
{
  ::cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return {0};
  std::vector<int> all;
  for (int cpu = 0; cpu != CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) all.push_back(cpu);
  return all;
}

int usable_cpus() { return static_cast<int>(list_cpus().size()); }

}  // namespace bench
