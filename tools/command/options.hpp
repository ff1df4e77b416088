#pragma once

#include "config/keys.hpp"
#include "shmbus/config.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace shmbus::command {

/// Which bus, and how it is made if it is not there. The same for all subcommands.
///
/// The command line goes over the environment, that over the configuration file, that over the
/// defaults.
class bus_options {
public:
  /// `--bus` and `--dir`, which may stand before the subcommand as well as after it.
  void add_place(CLI::App& app);
  /// The name as a word: `rm plant`.
  CLI::Option* add_name(CLI::App& app, const std::string& description);
  /// Both: `info plant` for `info --bus plant`.
  void add_place_with_name(CLI::App& app);
  /// Only `--dir`.
  void add_directory(CLI::App& app);
  /// `--buffer-size` and the others, for subcommands that make a bus which is not there.
  void add_limits(CLI::App& app);

  /// What the environment and the configuration file say where the command line does not. Throws
  /// `failure`.
  void complete();
  /// For the subcommand that looks for what is wrong with them by itself.
  void leave_incomplete() noexcept { incomplete_ = true; }

  /// The name that was given as a word or with --bus; empty if none was.
  std::string given_name() const { return word_.value_or(name_); }

  /// Another bus.
  void set_name(const std::string& name);

  broker_config config(open_mode mode) const;
  /// What the configuration says of subscribers and publishers.
  const subscriber_options& subscriber() const noexcept { return settings_.subscriber; }
  const publisher_options& publisher() const noexcept { return settings_.publisher; }

  /// For messages: "bus 'x' in /y".
  std::string text() const;
  /// Where buses are, with the default filled in.
  std::string directory() const;

private:
  void apply_limits();

  config::settings settings_;
  bool incomplete_ = false;
  // What stands on the command line.
  std::string name_;
  std::optional<std::string> word_;  // the name, where it is given as a word
  std::string directory_;
  std::optional<std::size_t> buffer_size_;
  std::optional<std::uint32_t> max_clients_;
  std::optional<std::uint32_t> max_subscriptions_;
  std::string mode_;
  std::string group_;
};

/// What a subcommand does once the command line is understood; gives the exit status.
using action = std::function<int()>;

/// Each adds its subcommand to `app`; the one that the user names puts its action into `chosen`.
void add_pub(CLI::App& app, bus_options& bus, action& chosen);
void add_sub(CLI::App& app, bus_options& bus, action& chosen);
void add_record(CLI::App& app, bus_options& bus, action& chosen);
void add_play(CLI::App& app, bus_options& bus, action& chosen);
void add_ls(CLI::App& app, bus_options& bus, action& chosen);
void add_info(CLI::App& app, bus_options& bus, action& chosen);
void add_top(CLI::App& app, bus_options& bus, action& chosen);
void add_hz(CLI::App& app, bus_options& bus, action& chosen);
void add_metrics(CLI::App& app, bus_options& bus, action& chosen);
void add_audit(CLI::App& app, bus_options& bus, action& chosen);
void add_recover(CLI::App& app, bus_options& bus, action& chosen);
void add_rm(CLI::App& app, bus_options& bus, action& chosen);
void add_doctor(CLI::App& app, bus_options& bus, action& chosen);
void add_bench(CLI::App& app, action& chosen);

/// In the order of `enum class overflow`.
inline constexpr std::array overflow_names = {"drop-oldest", "drop-newest", "block"};

/// `--queue` and `--overflow`, for subcommands that subscribe. `options` says the default queue.
/// What of subscriber_options was said on the command line.
struct queue_flags {
  std::optional<std::uint32_t> capacity;
  std::optional<shmbus::overflow> overflow;

  subscriber_options over(subscriber_options others) const noexcept;
};
void add_queue(CLI::App& app, queue_flags& flags, std::uint32_t usual_capacity);

/// The patterns that subcommands subscribe to. Throws `failure` if one of them is none.
void check_patterns(const std::vector<std::string>& patterns);

/// Checks a whole number; CLI11 itself takes "-1" for a large one.
CLI::Validator in_range(std::uint64_t least, std::uint64_t most = UINT64_MAX);

/// An option that takes a time in seconds, also parts of one; `value` stays if it is not there.
void add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                 const std::string& description);
inline constexpr auto no_timeout = std::chrono::nanoseconds::max();

/// Sets what the library logs, from `SHMBUS_LOG`. Throws `failure`.
void set_log_level();

}  // namespace shmbus::command
