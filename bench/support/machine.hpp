#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What /proc/cpuinfo calls the processor.
std::string cpu_model();

/// Says where figures come from: CPU model, kernel, compiler, date, and the pinning it is told.
void print_machine(std::string_view pinning);

/// Keeps this process, and the threads it makes from now on, on one CPU. Throws if it may not.
void pin_to(int cpu);

/// The CPUs that this process may use.
std::vector<int> list_cpus();

/// How many CPUs this process may use: with one, "two CPUs" can't be measured.
int usable_cpus();

}  // namespace bench
