#pragma once

#include <cstddef>
#include <vector>

namespace bench {

/// The raw floor of one-way latency: two processes that bounce one cache line, each on its CPU.
/// Nanoseconds for one way, a sample for each batch of round trips.
std::vector<double> bounce_line(int here, int there, std::size_t batches, std::size_t batch_size);

/// The other end, in a child that was started with these arguments.
int bounce_line_back(int cpu, int descriptor);

}  // namespace bench
