#include "command/failure.hpp"

#include "shmbus/errc.hpp"

#include <string_view>

namespace shmbus::command {
namespace {

std::string_view advice(errc e)
{
  switch (e) {  // no default: the compiler then names a forgotten case
    case errc::buffer_full:
      return "slow subscribers keep it: give them time, or make the bus with a larger "
             "--buffer-size";
    case errc::queue_full: return "wait for room with --block";
    case errc::message_too_large: return "make the bus with a larger --buffer-size";
    case errc::too_many_clients: return "stop some, or make the bus with a larger --max-clients";
    case errc::too_many_subscriptions:
      return "give fewer patterns, or make the bus with a larger --max-subscriptions";
    case errc::busy: return "try again";
    case errc::closed: return "this process was taken for dead; start it again";
    case errc::no_space: return "make room there, or choose another directory with --dir";
    case errc::no_such_bus: return "'shmbus ls' lists those that are there";
    case errc::no_such_directory: return "make it, or choose another with --dir";
    case errc::permission_denied:
      return "run this as the owner, or have the bus made with --mode and --group that let you in";
    case errc::version_mismatch:
      return "use the version of shmbus that the other programs there use";
    case errc::invalid_config: return "see the options for making a bus in --help";
    case errc::corrupt: return "stop the programs that use it, remove its folder, and start again";
    case errc::timed_out: return "try again";
    case errc::invalid_topic:
    case errc::invalid_pattern:
    case errc::invalid_name:
    case errc::too_many_held:
    case errc::already_exists:
    case errc::config_mismatch:
    case errc::type_mismatch:
    case errc::forked: return "please report this: the command should not let it happen";
  }
  return {};
}

// Errors of the operating system count as ours where they say the same.
std::string_view advice(const std::error_code& ec)
{
  if (ec.category() == error_category()) return advice(static_cast<errc>(ec.value()));
  for (const errc e : {errc::permission_denied, errc::no_space})
    if (ec == make_error_code(e).default_error_condition()) return advice(e);
  return "check the directory, or choose another with --dir";
}

}  // namespace

failure explain(const std::error_code& ec, const std::string& bus)
{
  return {status_error, ec.message() + ": " + bus + "; " + std::string(advice(ec))};
}

failure explain(const std::system_error& e, const std::string& bus)
{
  // Who fills the bus, and which setting is wrong. For the others the context is what we say ourselves.
  const auto& ec = e.code();
  if (ec != errc::too_many_clients && ec != errc::invalid_config) return explain(ec, bus);
  const std::string where = ec == errc::too_many_clients ? ": " + bus : "";
  return {status_error, e.what() + where + "; " + std::string(advice(ec))};
}

failure explain(const config::problem& p)
{
  if (p.where() == config::problem::place::environment) return usage(p.what());
  const bool of_system = p.code() != errc::invalid_config;
  return {status_error, p.what() + (of_system ? ": " + p.code().message() : std::string())};
}

}  // namespace shmbus::command
