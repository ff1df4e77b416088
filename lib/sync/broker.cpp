#include "shmbus/sync/broker.hpp"

#include "core/bus.hpp"
#include "core/inspect.hpp"
#include "core/recovery.hpp"
#include "shmbus/detail/handles.hpp"
#include "sync/readiness.hpp"

namespace shmbus::sync {

broker::broker(broker_config config)
{
  std::error_code ec;
  *this = broker(config, ec);
  detail::throw_if(ec, ec ? "cannot open " + detail::describe(config) : "");
}

broker::broker(broker_config config, std::error_code& ec)
    : bus_(core::bus::open(config, ec)), readiness_(std::make_shared<readiness_group>())
{
}

int broker::native_handle(std::error_code& ec)
{
  ec.clear();
  return readiness_->descriptor(ec);
}

int broker::native_handle()
{
  std::error_code ec;
  const int descriptor = native_handle(ec);
  detail::throw_if(ec, "cannot make a descriptor for a broker");
  return descriptor;
}

const broker_config& broker::config() const noexcept { return bus_->config(); }

const std::filesystem::path& broker::path() const noexcept { return bus_->path(); }

bus_info broker::info() const { return core::inspect(*bus_); }

std::size_t broker::recover() { return bus_->forked() ? 0 : core::sweep(*bus_); }

}  // namespace shmbus::sync
