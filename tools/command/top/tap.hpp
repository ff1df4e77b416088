#pragma once

#include "shmbus/config.hpp"
#include "shmbus/sync/broker.hpp"
#include "shmbus/sync/subscriber.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <system_error>

namespace shmbus::command {

/// The last messages on a topic. It is a subscriber, and takes a place on the bus as long as it is
/// there.
class tap {
public:
  struct sample {
    std::string payload;  ///< of a long one the beginning
    std::size_t size = 0;
    std::uint64_t sequence = 0;
    std::string publisher;
    std::chrono::steady_clock::time_point sent_at;  ///< the epoch: not known
  };

  /// `problem()` says what went wrong.
  tap(broker_config config, const std::string& topic);

  /// Takes what has come; the newest first, and so many at most.
  void poll();
  const std::deque<sample>& samples() const noexcept { return samples_; }
  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t lost() const noexcept;
  const std::error_code& problem() const noexcept { return problem_; }

private:
  std::error_code problem_;
  sync::broker bus_;
  std::unique_ptr<sync::subscriber> subscriber_;
  std::deque<sample> samples_;
  std::uint64_t received_ = 0;
};

}  // namespace shmbus::command
