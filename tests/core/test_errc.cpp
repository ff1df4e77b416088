#include "shmbus/errc.hpp"
#include "shmbus/message.hpp"

#include <doctest/doctest.h>

#include <ostream>  // a failed check prints error codes
#include <set>
#include <string>
#include <system_error>

using shmbus::errc;

namespace {

constexpr int first_errc = static_cast<int>(errc::invalid_topic);
constexpr int last_errc = static_cast<int>(errc::forked);

}  // namespace

TEST_CASE("errc: a value becomes an error_code of the category shmbus")
{
  const std::error_code ec = errc::closed;
  CHECK(ec);
  CHECK(ec == errc::closed);
  CHECK(ec != errc::busy);
  CHECK(&ec.category() == &shmbus::error_category());
  CHECK(std::string(ec.category().name()) == "shmbus");
}

TEST_CASE("errc: every value has a message of its own")
{
  std::set<std::string> messages;
  for (int value = first_errc; value <= last_errc; ++value) {
    const std::string message = shmbus::error_category().message(value);
    CAPTURE(value);
    CHECK(!message.empty());
    CHECK(message != "unknown shmbus error");
    CHECK(messages.insert(message).second);
  }
}

TEST_CASE("errc: a number that is no value is called unknown")
{
  CHECK(shmbus::error_category().message(0) == "unknown shmbus error");
  CHECK(shmbus::error_category().message(last_errc + 1) == "unknown shmbus error");
  CHECK(shmbus::error_category().message(-1) == "unknown shmbus error");
}

TEST_CASE("errc: where the standard has a condition that says the same, it compares equal")
{
  const auto code = [](errc e) { return make_error_code(e); };
  CHECK(code(errc::permission_denied) == std::errc::permission_denied);
  CHECK(code(errc::no_space) == std::errc::no_space_on_device);
  CHECK(code(errc::timed_out) == std::errc::timed_out);
  CHECK(code(errc::busy) == std::errc::device_or_resource_busy);
  CHECK(code(errc::already_exists) == std::errc::file_exists);
  CHECK(code(errc::no_such_bus) == std::errc::no_such_file_or_directory);
  CHECK(code(errc::no_such_directory) == std::errc::no_such_file_or_directory);
  CHECK(code(errc::invalid_topic) == std::errc::invalid_argument);
  CHECK(code(errc::invalid_pattern) == std::errc::invalid_argument);
  CHECK(code(errc::invalid_name) == std::errc::invalid_argument);
  CHECK(code(errc::invalid_config) == std::errc::invalid_argument);
  CHECK(code(errc::buffer_full) == std::errc::no_buffer_space);
  CHECK(code(errc::queue_full) == std::errc::resource_unavailable_try_again);
  CHECK(code(errc::message_too_large) == std::errc::message_size);
}

TEST_CASE("errc: elsewhere the condition is that of the category itself")
{
  const std::error_code ec = errc::corrupt;
  CHECK(ec.default_error_condition().category() == shmbus::error_category());
  CHECK(ec.default_error_condition().value() == static_cast<int>(errc::corrupt));
  CHECK(ec != std::errc::io_error);
}

TEST_CASE("throw_if: does nothing without an error")
{
  CHECK_NOTHROW(shmbus::detail::throw_if({}, "cannot fail"));
  CHECK_NOTHROW(shmbus::detail::throw_if({}, std::string("cannot fail")));
}

TEST_CASE("throw_if: throws the code, and says what was attempted")
{
  const auto check = [](const auto& context) {
    try {
      shmbus::detail::throw_if(errc::no_such_bus, context);
      FAIL("nothing was thrown");
    } catch (const shmbus::error& e) {
      CHECK(e.code() == errc::no_such_bus);
      CHECK(std::string(e.what()) == "cannot open \"plant\": no such bus");
    }
  };
  check("cannot open \"plant\"");
  check(std::string("cannot open \"plant\""));
}

TEST_CASE("throw_if: passes on the error of another category")
{
  const auto ec = std::make_error_code(std::errc::io_error);
  CHECK_THROWS_AS(shmbus::detail::throw_if(ec, "cannot read"), shmbus::error);
}

TEST_CASE("throw_type_mismatch: throws errc::type_mismatch")
{
  try {
    shmbus::detail::throw_type_mismatch();
  } catch (const shmbus::error& e) {
    CHECK(e.code() == errc::type_mismatch);
  }
}
