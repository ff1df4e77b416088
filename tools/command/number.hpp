#pragma once

#include <string>

/// Numbers for people, in at most six characters, and for programs.
namespace shmbus::command {

/// "0", "12.3", "123", "4.56k", "7.89M".
std::string short_number(double value);
/// The same for bytes, in steps of 1024: "512", "1.5K", "64M".
std::string short_bytes(double value);
/// "3ns", "4.5us", "12ms", "3.0s", "5m", "2h", "3d".
std::string short_time(double seconds);
/// As JSON has it, with six digits.
std::string json_number(double value);

}  // namespace shmbus::command
