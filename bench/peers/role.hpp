#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <vector>

/// What the programs that bench/compare starts have in common, whatever they talk through: their
/// arguments, what a message holds, and what is measured.
namespace peers {

using bytes = std::span<const std::byte>;

inline std::uint64_t now_ns() noexcept
{
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// `ROLE KEY=VALUE...`; roles are ping, pong, send, receive, wake and sleep.
struct options {
  options(int argc, char** argv);

  std::string role;
  std::string directory;  ///< for the sockets and files of this run
  std::string label;      ///< unique, for names that are not in a folder
  std::size_t size = 64;  ///< of a message
  double seconds = 0.3;   ///< how long to send
  int senders = 1;
  int receivers = 1;
  int id = 0;                              ///< of this one among its like
  bool sleep = false;                      ///< when there is nothing; else it polls
  bool yield = false;                      ///< and lets others have the processor, polling
  std::map<std::string, int> descriptors;  ///< eventfd.CHANNEL.RECEIVER
};

/// Sets the CPU, says "ready" and waits for the word to begin; other processes are ready then too.
void begin(const options& o);
/// Says what came of it: a line of JSON for bench/compare.
void report(const std::string& json);

/// The end of what a sender sends.
inline constexpr std::uint64_t last_word = ~std::uint64_t{0};

/// Writes a message: its number, and up to 64 KiB the rest of it; of larger ones a word per page.
void write_message(std::span<std::byte> to, int sender, std::uint64_t number) noexcept;

/// The message after which a sender sends nothing more.
void write_last(std::span<std::byte> to) noexcept;
bool is_last(bytes message) noexcept;

/// Reads messages as whole as they were written, and counts those that are not the next one.
class checker {
public:
  explicit checker(const options& o) : left_(o.senders), next_(static_cast<std::size_t>(o.senders))
  {
  }

  /// False after the end of the last sender.
  bool see(bytes message) noexcept;
  std::string result() const;

private:
  int left_;
  std::vector<std::uint64_t> next_;  // by sender
  std::uint64_t received_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t sum_ = 0;
};

/// For how long, and how many.
class sending {
public:
  explicit sending(const options& o);
  /// Whether to send one more.
  bool more() noexcept
  {
    if (sent_ % 16 == 0 && now_ns() >= end_) return false;
    ++sent_;
    return true;
  }
  std::uint64_t number() const noexcept { return sent_ - 1; }
  std::string result() const;

private:
  std::uint64_t begin_;
  std::uint64_t end_;
  std::uint64_t sent_ = 0;
};

/// Round trips: first in batches, whose clock reads do not count, then one by one for the tail.
class round_trips {
public:
  explicit round_trips(const options& o);
  bool more() noexcept;
  std::string result() const;

private:
  std::uint64_t batch_end_;
  std::uint64_t end_;
  std::uint32_t batch_size_;
  std::uint32_t in_batch_ = 0;
  std::uint64_t begin_ = 0;
  bool warm_ = false;
  std::vector<double> batches_;
  std::vector<double> singles_;
};

/// Waits long enough for the other side to be asleep, then it is time to send to it.
class wake_ups {
public:
  explicit wake_ups(const options& o);
  bool more() noexcept;

private:
  std::uint64_t left_;
};

/// How long messages of `wake_ups` were on their way.
class wake_up_times {
public:
  void see(bytes message) noexcept;
  std::string result() const;

private:
  std::vector<double> times_;
};

/// A message of `wake_ups`: it says when it was sent.
void write_time(std::span<std::byte> to) noexcept;

void yield_processor() noexcept;

}  // namespace peers
