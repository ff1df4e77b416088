#pragma once

#include <string_view>

namespace bench {

/// Says where figures come from: CPU model, kernel, compiler, date, and the pinning it is told.
void print_machine(std::string_view pinning);

/// Keeps this process, and the threads it makes from now on, on one CPU. Throws if it may not.
void pin_to(int cpu);

/// How many CPUs this process may use: with one, "two CPUs" can't be measured.
int usable_cpus();

}  // namespace bench
