#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// What the processes of the demonstration agree on.
namespace demo {

inline constexpr auto everything = "/host/#";
inline constexpr auto cpu_loads = "/host/cpu/*/load";

/// Says that it is over, and how many messages there were: a typed message.
inline constexpr auto end_topic = "/host/demo/end";
struct end_of_demo {
  std::uint64_t matching_everything;  // itself included
  std::uint64_t matching_cpu_loads;   // likewise
};

/// The process that publishes this machine's figures. SIGINT and SIGTERM end it early but properly.
int publish(const std::string& bus_name, std::chrono::seconds duration);

/// A process that receives what matches `pattern`, until the end is announced. Its exit status is 0
/// only if it got all of it. `row`: 0 prints lines; else it repaints the line so far above the
/// cursor.
int watch(const std::string& bus_name, const std::string& pattern, int row);

/// Starts one process that publishes and two that watch; the worst of their exit statuses.
int drive(std::chrono::seconds duration);

}  // namespace demo
