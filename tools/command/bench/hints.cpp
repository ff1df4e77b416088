#include "command/bench/hints.hpp"

#include <cstdlib>
#include <fstream>

namespace shmbus::command {
namespace {

std::string line_of(const std::string& file)
{
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string of_cpu(int cpu, const char* what)
{
  return line_of("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + '/' + what);
}

void add_distance(std::vector<std::string>& hints, int here, int there)
{
  const std::string pair = "CPUs " + std::to_string(here) + " and " + std::to_string(there);
  const auto differ = [&](const char* what) { return of_cpu(here, what) != of_cpu(there, what); };
  if (differ("topology/physical_package_id"))
    hints.push_back(pair + " are in different sockets: choose nearer ones with taskset -c");
  else if (differ("cache/index3/shared_cpu_list"))
    hints.push_back(pair + " share no cache: nearer ones may be faster (taskset -c)");
  else if (!differ("topology/thread_siblings_list"))
    hints.push_back(pair + " are two threads of one core: they take turns");
}

void add_frequency(std::vector<std::string>& hints, int cpu)
{
  const std::string governor = of_cpu(cpu, "cpufreq/scaling_governor");
  const double limit = std::atof(of_cpu(cpu, "cpufreq/scaling_max_freq").c_str());
  const double most = std::atof(of_cpu(cpu, "cpufreq/cpuinfo_max_freq").c_str());
  const std::string which = "CPU " + std::to_string(cpu);
  if (limit < most * 0.95)
    hints.push_back(which + " is limited to " + std::to_string(static_cast<int>(limit / 1000)) +
                    " of " + std::to_string(static_cast<int>(most / 1000)) + " MHz");
  if (governor == "powersave")
    hints.push_back(which + " saves power: its frequency follows the load (governor powersave)");
}

}  // namespace

std::vector<std::string> machine_hints(const std::vector<int>& cpus)
{
  std::vector<std::string> hints;
  if (cpus.size() < 2)
    hints.emplace_back("this process may use one CPU: what needs two was not measured");
  else
    add_distance(hints, cpus[0], cpus[1]);
  for (const int cpu : cpus) add_frequency(hints, cpu);
  const double load = std::atof(line_of("/proc/loadavg").c_str());
  if (load > 0.5)
    hints.push_back("the machine is busy (load " + line_of("/proc/loadavg").substr(0, 4) +
                    "): expect worse figures, and other ones each time");
  return hints;
}

}  // namespace shmbus::command
