#include "core/bus_format.hpp"

#include "core/bus_directory.hpp"
#include "core/hash.hpp"
#include "shmbus/errc.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace shmbus::core {
namespace {

// The part of the header that never changes: all before the first word that does.
constexpr std::size_t constant_size = offsetof(bus_header, routes_version);

std::uint64_t checksum(const bus_header& h) noexcept
{
  const auto* bytes = reinterpret_cast<const char*>(&h);
  return hash_bytes({bytes, offsetof(bus_header, checksum)});
}

}  // namespace

void write_header(const shm::file& control, const broker_config& config, std::error_code& ec)
{
  const auto h = std::make_unique<bus_header>();
  h->magic.store(bus_magic, relaxed);
  h->version.store(layout_version, relaxed);
  h->max_clients.store(config.max_clients, relaxed);
  h->buffer_size.store(config.buffer_size, relaxed);
  h->max_subscriptions_per_client.store(config.max_subscriptions_per_client, relaxed);
  h->mode.store(config.mode, relaxed);
  h->checksum.store(checksum(*h), relaxed);
  // Only this part: who maps the bus finds zeros behind it, and those are right.
  const ::ssize_t n = ::pwrite(control.descriptor(), h.get(), constant_size, 0);
  ec = n == static_cast<::ssize_t>(constant_size) ? std::error_code{} : shm::last_error();
}

broker_config read_header(const shm::file& control, const shm::file& data, std::error_code& ec)
{
  // A copy: what is checked is what is used.
  const auto h = std::make_unique<bus_header>();
  if (::pread(control.descriptor(), h.get(), constant_size, 0) !=
      static_cast<::ssize_t>(constant_size)) {
    ec = errc::corrupt;
    return {};
  }
  if (h->magic.load(relaxed) != bus_magic) {
    ec = errc::corrupt;
    return {};
  }
  if (h->version.load(relaxed) != layout_version) {
    ec = errc::version_mismatch;
    return {};
  }
  broker_config config;
  config.max_clients = h->max_clients.load(relaxed);
  config.buffer_size = h->buffer_size.load(relaxed);
  config.max_subscriptions_per_client = h->max_subscriptions_per_client.load(relaxed);
  config.mode = h->mode.load(relaxed);
  if (h->checksum.load(relaxed) != checksum(*h) || check_config(config)) {
    ec = errc::corrupt;
    return {};
  }
  const geometry g(config.max_clients, config.buffer_size, config.max_subscriptions_per_client);
  struct stat c, d;
  if (::fstat(control.descriptor(), &c) != 0 || ::fstat(data.descriptor(), &d) != 0) {
    ec = shm::last_error();
    return {};
  }
  if (static_cast<std::uint64_t>(c.st_size) != g.control_size ||
      static_cast<std::uint64_t>(d.st_size) != g.data_size)
    ec = errc::corrupt;
  return config;
}

}  // namespace shmbus::core
