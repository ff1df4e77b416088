#include "shmbus/errc.hpp"

#include "shmbus/message.hpp"

#include <cstddef>
#include <new>

namespace shmbus {
namespace {

class category_t : public std::error_category {
public:
  const char* name() const noexcept override { return "shmbus"; }

  std::string message(int value) const override
  {
    switch (static_cast<errc>(value)) {  // no default: the compiler then names a forgotten case
      case errc::invalid_topic: return "invalid topic";
      case errc::invalid_pattern: return "invalid pattern";
      case errc::invalid_name: return "the bus name is not 1 to 64 of A-Z a-z 0-9 . _ -";
      case errc::invalid_config: return "invalid configuration";
      case errc::buffer_full: return "all message memory of the bus is in use";
      case errc::queue_full: return "a subscriber that exerts back-pressure has no room";
      case errc::message_too_large: return "the message is larger than the buffer of the bus";
      case errc::too_many_clients: return "the bus has no room for another client (max_clients)";
      case errc::too_many_subscriptions:
        return "the subscriber has no room for another pattern (max_subscriptions_per_client)";
      case errc::too_many_held: return "the subscriber holds as many messages as it may (max_held)";
      case errc::busy: return "another receive is pending, or the bus is being removed";
      case errc::closed: return "the object was closed";
      case errc::timed_out: return "the deadline passed";
      case errc::no_space: return "the file system that holds the bus has no room left";
      case errc::no_such_bus: return "no such bus";
      case errc::already_exists: return "the bus exists already";
      case errc::no_such_directory: return "the directory for the bus does not exist";
      case errc::permission_denied: return "permission denied";
      case errc::version_mismatch:
        return "the bus was made by an incompatible version of the library";
      case errc::config_mismatch: return "the bus exists with another configuration";
      case errc::corrupt: return "shared memory holds what no correct peer writes";
      case errc::type_mismatch: return "the message is not of the type asked for";
      case errc::forked: return "this handle belongs to the parent process";
    }
    return "unknown shmbus error";
  }

  std::error_condition default_error_condition(int value) const noexcept override
  {
    switch (static_cast<errc>(value)) {  // no default: see message()
      case errc::invalid_topic:
      case errc::invalid_pattern:
      case errc::invalid_name:
      case errc::invalid_config: return std::errc::invalid_argument;
      case errc::buffer_full: return std::errc::no_buffer_space;
      case errc::queue_full: return std::errc::resource_unavailable_try_again;
      case errc::message_too_large: return std::errc::message_size;
      case errc::busy: return std::errc::device_or_resource_busy;
      case errc::timed_out: return std::errc::timed_out;
      case errc::no_space: return std::errc::no_space_on_device;
      case errc::no_such_bus:
      case errc::no_such_directory: return std::errc::no_such_file_or_directory;
      case errc::already_exists: return std::errc::file_exists;
      case errc::permission_denied: return std::errc::permission_denied;
      case errc::too_many_clients:
      case errc::too_many_subscriptions:
      case errc::too_many_held:
      case errc::closed:
      case errc::version_mismatch:
      case errc::config_mismatch:
      case errc::corrupt:
      case errc::type_mismatch:
      case errc::forked: break;  // nothing of the standard's says the same
    }
    return {value, *this};
  }
};

}  // namespace

const std::error_category& error_category() noexcept
{
  // Never destroyed: an error_code may be looked at while the program ends.
  alignas(category_t) static std::byte memory[sizeof(category_t)];
  static const auto& category = *::new (memory) category_t;
  return category;
}

namespace detail {

void throw_if(const std::error_code& ec, const char* context)
{
  if (ec) throw error(ec, context);
}

void throw_if(const std::error_code& ec, const std::string& context)
{
  if (ec) throw error(ec, context);
}

void throw_type_mismatch() { throw error(errc::type_mismatch, "cannot read a value"); }

}  // namespace detail
}  // namespace shmbus
