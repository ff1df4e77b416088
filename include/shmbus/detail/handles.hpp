#pragma once

#include "shmbus/config.hpp"
#include "shmbus/detail/export.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/message.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/topic.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

/// The compiled, Asio-free parts that the asynchronous API is made of. Not for applications.
namespace shmbus {

namespace core {
class bus;
class reader;
class writer;
}  // namespace core

namespace detail {

SHMBUS_API std::shared_ptr<core::bus> open_bus(const broker_config& config, std::error_code& ec);
SHMBUS_API const broker_config& config_of(const core::bus& b) noexcept;
SHMBUS_API std::string describe(const broker_config& config);
/// Throws `error` if `ec` is set, after a try to join the bus; it says who fills a full one.
SHMBUS_API void throw_if_not_joined(core::bus* b, const std::error_code& ec, const char* context);

/// A subscriber that never waits.
class SHMBUS_API reader_handle {
public:
  reader_handle(const std::shared_ptr<core::bus>& b, const subscriber_options& options,
                std::error_code& ec);
  ~reader_handle();
  reader_handle(const reader_handle&) = delete;
  reader_handle& operator=(const reader_handle&) = delete;

  /// Takes the next message. False: there is none, or `ec` says why not.
  bool take(message& out, std::error_code& ec) noexcept;
  /// Takes as many as there are and `out` has room for; how many.
  std::size_t take_some(std::span<message> out, std::error_code& ec) noexcept;
  /// Whether take() would find a message.
  bool readable(std::error_code& ec) noexcept;
  /// Whether take() would not come back empty-handed: a message, or an error.
  bool readable() noexcept;

  /// The right to be the one receive that is pending; false if another one has it.
  bool begin_receive() noexcept { return !receiving_.exchange(true, std::memory_order_acq_rel); }
  void end_receive() noexcept { receiving_.store(false, std::memory_order_release); }
  bool receiving() const noexcept { return receiving_.load(std::memory_order_acquire); }

  void subscribe(std::string_view pattern, std::error_code& ec);
  void unsubscribe(std::string_view pattern, std::error_code& ec);
  std::uint64_t lost() const noexcept;
  client_id id() const noexcept;
  std::chrono::nanoseconds spin_for() const noexcept { return spin_for_; }
  void close() noexcept;
  core::reader& implementation() const noexcept { return *reader_; }

private:
  core::reader* reader_;
  const std::chrono::nanoseconds spin_for_;
  std::atomic<bool> receiving_{false};
};

/// A publisher that never waits.
class SHMBUS_API writer_handle {
public:
  writer_handle(const std::shared_ptr<core::bus>& b, publisher_options options,
                std::error_code& ec);
  ~writer_handle();
  writer_handle(const writer_handle&) = delete;
  writer_handle& operator=(const writer_handle&) = delete;

  std::size_t try_publish(const topic& t, const payload_view& p, std::error_code& ec);
  std::size_t try_publish(shmbus::loan& l, std::error_code& ec);
  shmbus::loan lend(const topic& t, std::size_t size, std::error_code& ec);
  std::size_t subscribers(const topic& t, std::error_code& ec);

  /// Asks the full ones to ring; whether there is room now (or another reason to try again).
  bool ask_for_space(const topic& t);
  bool ask_for_space(const shmbus::loan& l);
  void stop_asking() noexcept;
  void ask_for_subscribers(bool wanted) noexcept;

  client_id id() const noexcept;
  void close() noexcept;
  core::writer& implementation() const noexcept { return *writer_; }

private:
  std::shared_ptr<core::writer> writer_;
};

}  // namespace detail
}  // namespace shmbus
