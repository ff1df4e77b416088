#pragma once

#include "core/observe.hpp"
#include "shmbus/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shmbus::command {

/// What a number was raised by in a second; nothing where there was no look before.
using rate = std::optional<double>;

struct topic_row {
  std::string topic;  ///< empty: all topics for which publishers had no room
  rate messages_per_second;
  rate bytes_per_second;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unheard = 0;
  std::uint64_t last_size = 0;
  std::uint32_t publishers = 0;
  std::uint32_t subscribers = 0;
  std::optional<double> age_seconds;  ///< of the last message, if that is known
};

struct client_row {
  client_id id;
  bool publisher = false;
  std::string state;  ///< alive, stopped, leaving, dead, orphan, or what the slot says
  std::uint32_t pid = 0;
  std::string process;
  rate messages_per_second;
  rate bytes_per_second;
  std::uint64_t messages = 0;
  std::uint64_t queued = 0;          ///< in all its lanes
  std::optional<double> queue_fill;  ///< of its fullest lane, 0 to 1
  std::uint64_t lost = 0;            ///< by a subscriber; by those whom a publisher sends to
  std::uint64_t refused = 0;         ///< tries of a publisher to publish that failed
  std::uint64_t held = 0;            ///< messages that a subscriber has, or has of a publisher
  std::uint64_t pins = 0;         ///< dead publishers that a subscriber keeps; who keeps this one
  std::optional<double> latency;  ///< half of what was measured since the last look was faster
  std::uint64_t data_bytes = 0;
  std::uint64_t control_bytes = 0;
  std::vector<std::string> patterns;
};

/// A bus as people see it: what it is now, and what happened since the look before.
struct picture {
  std::vector<topic_row> topics;    ///< by topic
  std::vector<client_row> clients;  ///< by slot
  std::uint32_t max_clients = 0;
  std::uint64_t buffer_size = 0;
  std::uint64_t data_bytes = 0;
  std::uint64_t control_bytes = 0;
  std::uint64_t file_bytes = 0;
  rate messages_per_second;
  rate bytes_per_second;
};

/// Makes pictures of one look after the other.
class painter {
public:
  /// Says of a client's process what is known: its name, and whether it is stopped.
  using process_finder =
      std::function<std::pair<std::string, bool>(const core::observed_client& c)>;

  explicit painter(process_finder f) : find_process_(std::move(f)) {}

  picture paint(const core::observation& now);
  /// What comes next is another bus.
  void start_anew()
  {
    before_.reset();
    last_seen_.clear();
  }

private:
  void paint_topics(const core::observation& now, picture& p);
  void paint_clients(const core::observation& now, picture& p);
  const core::observed_client* before(client_id id) const;
  rate per_second(double now, double before) const;

  struct sighting {
    std::uint64_t messages;
    std::optional<std::chrono::steady_clock::time_point> at;  // when there were more than before
  };
  process_finder find_process_;
  std::optional<core::observation> before_;
  double seconds_ = 0;  // since then
  std::map<std::string, sighting> last_seen_;
};

/// The time below which that part of what a histogram counted lies, in seconds: the upper end of its
/// bucket. Nothing if it counted nothing.
std::optional<double> quantile(const std::array<std::uint64_t, core::latency_buckets>& counts,
                               double part);

}  // namespace shmbus::command
