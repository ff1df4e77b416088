#pragma once

#include "shmbus/message.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace shmbus::command {

/// Which of the messages that came are shown.
class message_filter {
public:
  struct options {
    std::string regex;  ///< extended, as of grep -E; empty: whatever the payload
    std::uint64_t min_size = 0;
    std::uint64_t max_size = UINT64_MAX;
    double per_second = 0;  ///< of each topic, at most; 0: no limit
    bool once_per_topic = false;
  };

  /// Throws `failure` if the regular expression is none.
  explicit message_filter(const options& o);
  ~message_filter();

  bool passes(const message& m);

  /// Messages that only the limit per second kept back.
  std::uint64_t kept_back() const noexcept { return kept_back_; }

private:
  using clock = std::chrono::steady_clock;
  struct regex;

  bool is_new(const message& m);
  bool is_due(const message& m);

  options options_;
  std::unique_ptr<regex> regex_;
  std::unordered_map<std::uint64_t, clock::time_point> due_;  // by the hash of the topic
  std::unordered_set<std::uint64_t> seen_;
  std::uint64_t kept_back_ = 0;
};

}  // namespace shmbus::command
