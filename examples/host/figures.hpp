#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace demo {

struct figure {
  std::string topic;
  std::string value;
};

/// This machine's live figures, from /proc.
///
///   /host/cpu/<n>/load                    0 to 1, since the reading before
///   /host/mem/available, free, cached     bytes
///   /host/net/<name>/rx_bytes, tx_bytes
///   /host/disk/<name>/reads, writes       how many
///   /host/load/1m, 5m, 15m
class host_figures {
public:
  /// All of them. What this machine does not have is left out.
  std::vector<figure> read();

private:
  struct cpu_time {
    std::uint64_t busy = 0;
    std::uint64_t total = 0;
    std::string load = "0.00";
  };

  void read_cpus(std::vector<figure>& out);

  std::map<std::string, cpu_time> cpus_;  // as of the last reading
};

}  // namespace demo
