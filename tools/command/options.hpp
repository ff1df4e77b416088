#pragma once

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
class bus_options {
public:
  /// `--bus` and `--dir`, which may stand before the subcommand as well as after it.
  void add_place(CLI::App& app);
  /// The same with the name as a word: `info plant` for `info --bus plant`.
  void add_place_with_name(CLI::App& app);
  /// Only `--dir`.
  void add_directory(CLI::App& app);
  /// `--buffer-size` and the others, for subcommands that make a bus which is not there.
  void add_limits(CLI::App& app);

  /// What the environment says where the command line does not. Throws `failure`.
  void complete();

  /// Another name than that of `--bus`.
  void set_name(const std::string& name);

  broker_config config(open_mode mode) const;

  /// For messages: "bus 'x' in /y".
  std::string text() const;
  /// Where buses are, with the default filled in.
  std::string directory() const;

private:
  broker_config config_;
  std::string name_;
  std::optional<std::string> word_;  // the name, where it is given as a word
  std::string directory_;
  std::string mode_;
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
void add_doctor(CLI::App& app, action& chosen);
void add_bench(CLI::App& app, action& chosen);

/// In the order of `enum class overflow`.
inline constexpr std::array overflow_names = {"drop-oldest", "drop-newest", "block"};

/// `--queue` and `--overflow`, for subcommands that subscribe. `options` says the default queue.
void add_queue(CLI::App& app, subscriber_options& options);

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
