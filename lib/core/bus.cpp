#include "core/bus.hpp"

#include "core/bus_format.hpp"
#include "core/logging.hpp"
#include "core/recovery.hpp"
#include "shm/memory_barrier.hpp"
#include "shmbus/errc.hpp"

#include <algorithm>

namespace shmbus::core {
namespace {

bool same_limits(const broker_config& wanted, const broker_config& there) noexcept
{
  return wanted.buffer_size == there.buffer_size && wanted.max_clients == there.max_clients &&
         wanted.max_subscriptions_per_client == there.max_subscriptions_per_client;
}

void warn_without_alarm(const std::error_code& ec)
{
  log_warning("deaths are looked for once a second: " + ec.message());
}

}  // namespace

std::shared_ptr<bus> bus::open(const broker_config& config, std::error_code& ec)
{
  shm::prepare_barriers();  // here, since later somebody may wait for who needs one
  bus_files files = open_bus(config, ec);
  if (ec) return nullptr;
  broker_config limits = read_header(files.control, files.data, ec);
  if (!ec && !config.adopt && !same_limits(config, limits)) ec = errc::config_mismatch;
  if (ec) {
    close_bus(files);
    return nullptr;
  }
  limits.name = config.name;
  limits.directory = files.path.parent_path();
  limits.group = config.group;
  limits.open = config.open;
  limits.adopt = config.adopt;
  limits.preallocate = config.preallocate;

  std::shared_ptr<bus> b(new bus(std::move(files), limits, use::all));
  b->map(ec);
  if (!ec && config.preallocate) b->data_pages().reserve_all(ec);
  if (ec) return nullptr;
  log_debug("opened " + b->files_.path.string());
  return b;
}

std::shared_ptr<const bus> bus::open_to_look(const broker_config& config, std::error_code& ec)
{
  bus_files files = open_bus_to_look(config, ec);
  if (ec) return nullptr;
  broker_config limits = read_header(files.control, files.data, ec);
  if (ec) return nullptr;
  limits.name = config.name;
  limits.directory = files.path.parent_path();
  std::shared_ptr<bus> b(new bus(std::move(files), limits, use::looking));
  b->map(ec);
  if (ec) return nullptr;
  return b;
}

bus::bus(bus_files files, const broker_config& limits, use u) noexcept
    : files_(std::move(files)),
      config_(limits),
      use_(u),
      geometry_(limits.max_clients, limits.buffer_size, limits.max_subscriptions_per_client)
{
}

bus::~bus()
{
  if (forked()) {
    if (deaths_) deaths_->abandon();
    // Nothing of it is mapped here, and its locks are the parent's.
    control_.abandon();
    data_for_reading_.abandon();
    data_for_writing_.abandon();
    files_ = {};
    return;
  }
  if (use_ == use::looking) return;
  deaths_.reset();
  core::log_debug("leaving " + files_.path.string());
  close_bus(files_);
}

void bus::map(std::error_code& ec)
{
  const auto access = use_ == use::all ? shm::access::read_write : shm::access::read_only;
  control_ = shm::mapping(files_.control, geometry_.control_size, access, ec);
  if (ec) return;
  header_ = at<bus_header>(0);
  slots_ = at<client_slot>(geometry_.slots);
  bells_ = at<core::bell>(geometry_.bells);
  pending_ = at<shared_u64>(geometry_.pending);
  bell_pending_ = at<shared_u64>(geometry_.bell_pending);
  if (use_ == use::all) {
    data_for_reading_ = shm::mapping(files_.data, geometry_.data_size, shm::access::read_only, ec);
    if (ec) return;
    data_ = data_for_reading_.begin();
  }
  control_pages_.emplace(page_table::place{
      at<shared_u64>(geometry_.control_owners), &header().control_high_water,
      static_cast<std::uint32_t>(geometry_.first_leased_page), geometry_.control_pages,
      &files_.control, geometry_.control_owners, &files_.control});
  data_pages_.emplace(page_table::place{at<shared_u64>(geometry_.data_owners),
                                        &header().data_high_water, 1, geometry_.data_pages,
                                        &files_.control, geometry_.data_owners, &files_.data});
}

std::uint32_t bus::bells_high_water() const noexcept
{
  return std::min(header().bells_high_water.load(seq_cst), geometry_.max_clients);
}

std::byte* bus::writable_data(std::error_code& ec)
{
  const std::lock_guard guard(mutex_);
  ec.clear();
  if (!data_for_writing_) {
    data_for_writing_ = shm::mapping(files_.data, geometry_.data_size, shm::access::read_write, ec);
  }
  return data_for_writing_.begin();
}

int bus::alarm_descriptor()
{
  const std::lock_guard guard(mutex_);
  if (!alarm_) {
    std::error_code ec;
    alarm_.emplace((files_.path / "lock").c_str(), ec);
    if (ec) warn_without_alarm(ec);
  }
  return alarm_->descriptor();
}

bool bus::drain_alarm() noexcept
{
  const std::lock_guard guard(mutex_);
  return alarm_ && *alarm_ && alarm_->drain();
}

bool bus::watch_for_deaths()
{
  const std::lock_guard guard(mutex_);
  if (!asked_for_deaths_) {
    asked_for_deaths_ = true;
    std::error_code ec;
    deaths_ = death_watch::start(*this, ec);
    sweep(*this);  // who died before the watch was there is not told of by it
    if (ec) warn_without_alarm(ec);
  }
  return deaths_ != nullptr;
}

void bus::abandon_in_child() noexcept { files_.lock->abandon(); }

}  // namespace shmbus::core
