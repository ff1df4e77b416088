#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// One-way latency between two processes that poll, each on its CPU: half of a ping-pong of 64 B.
/// Nanoseconds, a sample for each batch of round trips.
std::vector<double> ping_pong(int here, int there, bool timestamps, std::size_t batches,
                              std::size_t batch_size);

/// The other end, in a child that was started with "ping_pong" and these arguments.
int ping_pong_back(int cpu, const std::string& directory, bool timestamps);

}  // namespace bench
