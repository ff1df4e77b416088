#pragma once

#include "core/bus_directory.hpp"
#include "core/death_watch.hpp"
#include "core/deputies.hpp"
#include "core/fork_guard.hpp"
#include "core/geometry.hpp"
#include "core/heirs.hpp"
#include "core/layout.hpp"
#include "core/page_table.hpp"
#include "shm/directory_watch.hpp"
#include "shm/mapping.hpp"
#include "shmbus/config.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>

namespace shmbus::core {

/// One handle on a bus: its files, mapped, and the way from numbers to the words they name.
///
/// Everything that comes out of shared memory and leads to memory again goes through the checked
/// accessors here. Publishers, subscribers, messages and loans share the handle; the last of them
/// lets the bus go.
class bus final : public fork_sensitive {
public:
  static std::shared_ptr<bus> open(const broker_config& config, std::error_code& ec);
  /// For reading alone, see open_bus_to_look(); without data().
  static std::shared_ptr<const bus> open_to_look(const broker_config& config, std::error_code& ec);
  ~bus() override;

  const broker_config& config() const noexcept { return config_; }
  const std::filesystem::path& path() const noexcept { return files_.path; }
  const geometry& limits() const noexcept { return geometry_; }
  shm::file_lock& lock() noexcept { return *files_.lock; }
  const shm::file_lock& lock() const noexcept { return *files_.lock; }
  /// Whether its name still leads here, and somebody has it open.
  bool in_use() const noexcept { return still_in_use(files_); }

  bus_header& header() const noexcept { return *header_; }
  client_slot& slot(std::uint32_t i) const noexcept { return slots_[i]; }
  /// The words with a bit per publisher that say who has something for client `i`.
  shared_u64* pending(std::uint32_t i) const noexcept
  {
    return pending_ + std::size_t{i} * geometry_.bitmap_words;
  }
  core::bell& bell(std::uint32_t i) const noexcept { return bells_[i]; }
  shared_u64* bell_pending(std::uint32_t i) const noexcept
  {
    return bell_pending_ + std::size_t{i} * geometry_.bitmap_words;
  }
  std::uint32_t clients_high_water() const noexcept
  {
    return std::min(header().clients_high_water.load(seq_cst), geometry_.max_clients);
  }
  /// Words of a bitmap of clients in which a bit may be; one at least.
  std::uint32_t client_words() const noexcept
  {
    return (std::max(clients_high_water(), 1u) + 63) / 64;
  }
  std::uint32_t bells_high_water() const noexcept;

  page_table& control_pages() noexcept { return *control_pages_; }
  page_table& data_pages() noexcept { return *data_pages_; }
  const page_table& control_pages() const noexcept { return *control_pages_; }
  const page_table& data_pages() const noexcept { return *data_pages_; }

  /// The T in `size` bytes of leased pages of `control` from `page` on; null if they are not all
  /// within. The page number may come from shared memory.
  template <class T>
  T* control_at(std::uint32_t page, std::size_t size = sizeof(T)) const noexcept
  {
    if (page < geometry_.first_leased_page || page >= geometry_.control_pages) return nullptr;
    const std::uint64_t offset = std::uint64_t{page} * page_size;
    if (size > geometry_.control_size - offset) return nullptr;
    return at<T>(offset);
  }

  /// `data` for reading; what is there may be mapped read-only.
  const std::byte* data() const noexcept { return data_; }
  /// `data` for publishers; mapped when the first of this handle asks.
  std::byte* writable_data(std::error_code& ec);

  /// Readable after somebody closed a file of the bus, which is how a death shows; -1 if the system
  /// refuses to watch.
  int alarm_descriptor();
  bool drain_alarm() noexcept;

  /// The subscribers of this handle.
  core::heirs& heirs() noexcept { return heirs_; }

  /// The bells that this handle leased.
  own_bells& bells_of_ours() noexcept { return own_bells_; }

  /// Has a thread look for the dead from now on; false if the system refuses.
  bool watch_for_deaths();

  void abandon_in_child() noexcept override;

private:
  enum class use { all, looking };
  bus(bus_files files, const broker_config& limits, use u) noexcept;
  void map(std::error_code& ec);

  template <class T>
  T* at(std::uint64_t offset) const noexcept
  {
    return reinterpret_cast<T*>(control_.begin() + offset);
  }

  bus_files files_;
  broker_config config_;
  use use_;
  geometry geometry_;
  shm::mapping control_;
  shm::mapping data_for_reading_;
  shm::mapping data_for_writing_;
  // Where the parts of `control` are, for those who look at them for each message.
  bus_header* header_ = nullptr;
  client_slot* slots_ = nullptr;
  core::bell* bells_ = nullptr;
  shared_u64* pending_ = nullptr;
  shared_u64* bell_pending_ = nullptr;
  const std::byte* data_ = nullptr;
  std::optional<page_table> control_pages_;
  std::optional<page_table> data_pages_;
  std::mutex mutex_;  // guards what is made on first use
  std::optional<shm::directory_watch> alarm_;
  core::heirs heirs_;
  own_bells own_bells_;
  bool asked_for_deaths_ = false;
  std::unique_ptr<death_watch> deaths_;
};

}  // namespace shmbus::core
