#pragma once

#include "config/problem.hpp"

#include <stdexcept>
#include <string>
#include <system_error>

namespace shmbus::command {

/// How the command ends, for those who look at `$?`.
enum exit_status : int {
  status_done = 0,
  status_error = 1,
  status_usage = 2,
  status_timed_out = 3
};

/// Ends the command: one line on standard error, and the exit status.
class failure : public std::runtime_error {
public:
  failure(exit_status s, const std::string& text) : std::runtime_error(text), status_(s) {}

  exit_status status() const noexcept { return status_; }

private:
  exit_status status_;
};

/// A failure because of what stands on the command line or in the environment.
inline failure usage(const std::string& text) { return {status_usage, text}; }

/// What happened, on which bus, and what to do about it. `bus` is a text like "bus 'x' in /y".
failure explain(const std::error_code& ec, const std::string& bus);
/// The same for what the library threw, which knows more of some errors.
failure explain(const std::system_error& e, const std::string& bus);

/// What is wrong with a configuration, which says itself where.
failure explain(const config::problem& p);

}  // namespace shmbus::command
