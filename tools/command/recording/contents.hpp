#pragma once

#include "command/recording/selection.hpp"
#include "command/recording/timeline.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace shmbus::command {

class recording_input;

/// What is in a recording: `shmbus play --info`.
class recording_contents {
public:
  explicit recording_contents(const recording::selection& wanted) : wanted_(wanted) {}

  void add(const recording::record& r);

  /// After all was added.
  std::string as_text(const recording_input& from) const;
  std::string as_json(const recording_input& from) const;

private:
  struct figures {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::chrono::nanoseconds first{0};
    std::chrono::nanoseconds last{0};
  };

  void add_message(const recording::message_record& m);

  const recording::selection& wanted_;
  recording::timeline timeline_;
  std::string bus_;
  std::int64_t wall_clock_ns_ = 0;
  std::uint64_t parts_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t lost_ = 0;
  std::map<std::string, figures, std::less<>> topics_;
};

}  // namespace shmbus::command
