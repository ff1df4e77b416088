#pragma once

#include "shmbus/async/asio.hpp"
#include "shmbus/async/hub.hpp"
#include "shmbus/config.hpp"
#include "shmbus/detail/handles.hpp"
#include "shmbus/errc.hpp"

#include <concepts>
#include <memory>
#include <system_error>
#include <type_traits>
#include <utility>

namespace shmbus::inline SHMBUS_ASYNC_ABI {

/// One process's handle on a bus, for the programs of one Asio execution context.
///
/// Opens the bus or makes it, by name; no daemon is involved. Everything that waits on this bus
/// through this broker shares one bell and one descriptor, however many subscribers there are.
/// Executor   the I/O executor: default for completion handlers, and where the descriptor is awaited
/// Threads    all functions may be called at the same time, except moving and destroying
/// Lifetime   publishers, subscribers, messages and loans keep what they need of the bus, so they
///            may outlive the broker; like all I/O objects they must be destroyed before, or by, the
///            execution context
template <class Executor = asio::any_io_executor>
class basic_broker {
public:
  using executor_type = Executor;

  /// Opens or makes the bus.
  ///
  /// Errors   errc::invalid_name, invalid_config, no_such_directory, no_such_bus, already_exists,
  ///          permission_denied, no_space, config_mismatch, version_mismatch, corrupt;
  ///          errc::busy if another process was stuck for a second while it removed the bus
  explicit basic_broker(const Executor& executor, const broker_config& config = {})
      : executor_(executor)
  {
    std::error_code ec;
    open(config, ec);
    shmbus::detail::throw_if(ec, ec ? "cannot open " + shmbus::detail::describe(config) : "");
  }

  /// The same without exceptions: not is_open() afterwards if `ec` is set.
  basic_broker(const Executor& executor, const broker_config& config, std::error_code& ec)
      : executor_(executor)
  {
    ec.clear();
    open(config, ec);
  }

  template <class Context>
    requires std::derived_from<Context, asio::execution_context>
  explicit basic_broker(Context& context, const broker_config& config = {})
      : basic_broker(Executor(context.get_executor()), config)
  {
  }

  template <class Context>
    requires std::derived_from<Context, asio::execution_context>
  basic_broker(Context& context, const broker_config& config, std::error_code& ec)
      : basic_broker(Executor(context.get_executor()), config, ec)
  {
  }

  const executor_type& get_executor() const noexcept { return executor_; }
  bool is_open() const noexcept { return hub_ != nullptr; }

  /// The limits in force: those of the process that made the bus.
  const broker_config& config() const noexcept { return shmbus::detail::config_of(*hub_->bus()); }

  /// For publishers and subscribers.
  const std::shared_ptr<async_detail::hub>& implementation() const noexcept { return hub_; }

private:
  void open(const broker_config& config, std::error_code& ec)
  {
    if (auto bus = shmbus::detail::open_bus(config, ec))
      hub_ = async_detail::hub::make(executor_, std::move(bus));
  }

  Executor executor_;
  std::shared_ptr<async_detail::hub> hub_;
};

using broker = basic_broker<>;

}  // namespace shmbus::inline SHMBUS_ASYNC_ABI
