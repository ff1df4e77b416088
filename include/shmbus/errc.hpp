#pragma once

#include "shmbus/detail/export.hpp"

#include <string>
#include <system_error>

namespace shmbus {

/// Everything that can go wrong, in one enumeration; `std::error_code` compares equal to it.
/// Empty, full-and-told-to-drop and nothing-yet are results of the functions, not errors.
enum class errc {
  invalid_topic = 1,       ///< the topic breaks a rule of topics (see topic_problem())
  invalid_pattern,         ///< the pattern breaks a rule of patterns (see pattern_problem())
  invalid_name,            ///< the bus name is not 1 to 64 of A-Z a-z 0-9 . _ -
  invalid_config,          ///< a value of the configuration cannot be, or it has an unknown key
  buffer_full,             ///< all message memory of the bus is in use
  queue_full,              ///< a subscriber with overflow::block has no room; nobody got it
  message_too_large,       ///< larger than the buffer_size of the bus
  too_many_clients,        ///< max_clients publishers and subscribers are connected
  too_many_subscriptions,  ///< max_subscriptions_per_client patterns are subscribed
  too_many_held,           ///< max_held messages are alive; destroy one to receive more
  busy,                    ///< another receive is pending, or the bus is just being removed
  closed,                  ///< the object was closed
  timed_out,               ///< the deadline passed first
  no_space,                ///< the file system that holds the bus has no room left
  no_such_bus,             ///< nothing to open, and creating was not asked for
  already_exists,          ///< open_mode::create_only, and the bus is there
  no_such_directory,       ///< the directory that should hold the bus does not exist
  permission_denied,       ///< the operating system refused
  version_mismatch,        ///< the bus was made by an incompatible version of the library
  config_mismatch,         ///< the bus exists with another configuration
  corrupt,                 ///< shared memory holds what no correct peer writes
  type_mismatch,           ///< the message is not of the type asked for
  forked,                  ///< this handle belongs to the parent process
};

/// The category of errc, named "shmbus". Threads: safe.
SHMBUS_API const std::error_category& error_category() noexcept;

/// Makes `ec = errc::closed` and `ec == errc::closed` work.
inline std::error_code make_error_code(errc e) noexcept
{
  return {static_cast<int>(e), error_category()};
}

/// What the throwing functions throw: `code()` for programs, `what()` for people.
class SHMBUS_API error : public std::system_error {
public:
  using std::system_error::system_error;
};

namespace detail {
/// Throws `error` if `ec` is set; `context` says what was attempted, on what.
SHMBUS_API void throw_if(const std::error_code& ec, const char* context);
SHMBUS_API void throw_if(const std::error_code& ec, const std::string& context);
}  // namespace detail

}  // namespace shmbus

/// @cond
template <>
struct std::is_error_code_enum<shmbus::errc> : std::true_type {};
/// @endcond
