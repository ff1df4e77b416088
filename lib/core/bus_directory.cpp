#include "core/bus_directory.hpp"

#include "core/bus_format.hpp"
#include "core/patience.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/errc.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace shmbus::core {
namespace {

namespace fs = std::filesystem;

// What is not a bus begins with a character that no bus name has.
constexpr char aside = '~';

// An empty variable is as good as none.
const char* directory_from_environment() noexcept
{
  for (const char* name : {"SHMBUS_DIR", "SHMBUS_DIRECTORY"})
    if (const char* d = std::getenv(name); d && *d) return d;
  return nullptr;
}

bool is(const std::error_code& ec, std::errc e) noexcept { return ec == e; }

std::string aside_name()
{
  static constexpr char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string name(1, aside);
  for (int i = 0; i < 16; ++i) name += letters[random() % (sizeof letters - 1)];
  return name;
}

// The files of a bus folder that is nobody's any more, then the folder.
void remove_files(int parent, const char* name) noexcept
{
  std::error_code ec;
  const shm::file folder = shm::open_at(parent, name, O_DIRECTORY | O_RDONLY, 0, ec);
  if (!folder) return;
  // `lock` goes last, and only when the others are gone: as long as it is there, a sweeper can tell
  // whether somebody is at work here.
  for (const char* f : {"control", "data", "lock"})
    if (::unlinkat(folder.descriptor(), f, 0) != 0 && errno != ENOENT) return;
  ::unlinkat(parent, name, AT_REMOVEDIR);
}

std::unique_ptr<shm::file_lock> open_lock(int folder, int flags, std::error_code& ec)
{
  shm::file held = shm::open_at(folder, "lock", flags, 0, ec);
  if (ec) return nullptr;
  return std::make_unique<shm::file_lock>(std::move(held));
}

// Whether `parent/name/lock` is the file that `lock` has open: else the folder was replaced.
bool still_there(int parent, const std::string& name, const shm::file_lock& lock) noexcept
{
  std::error_code ec;
  const auto mine = shm::identity(lock.locked_file(), ec);
  if (ec) return false;
  const auto there = shm::identity_at(parent, (name + "/lock").c_str(), ec);
  return !ec && mine == there;
}

// With LIFE held exclusively, or by force: puts the folder aside, so that nobody opens it, and removes it.
void put_aside(int parent, const std::string& name) noexcept
{
  const std::string away = aside_name();
  std::error_code ec;
  shm::rename_exclusive(parent, name.c_str(), away.c_str(), ec);
  if (!ec) remove_files(parent, away.c_str());
}

// What creators and removers that were killed left behind.
void sweep_aside(int parent) noexcept
{
  const int copy = ::openat(parent, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  if (copy < 0) return;
  DIR* entries = ::fdopendir(copy);
  if (!entries) {
    ::close(copy);
    return;
  }
  while (const ::dirent* e = ::readdir(entries)) {
    if (e->d_name[0] != aside) continue;
    std::error_code ec;
    const shm::file folder = shm::open_at(parent, e->d_name, O_DIRECTORY | O_RDONLY, 0, ec);
    if (!folder) continue;
    const auto lock = open_lock(folder.descriptor(), O_RDWR, ec);
    if (!lock) {
      // No lock file yet, or no more: only an empty folder is removed, and its maker tries again.
      ::unlinkat(parent, e->d_name, AT_REMOVEDIR);
      continue;
    }
    if (lock->try_lock_exclusive(life_byte)) remove_files(parent, e->d_name);
  }
  ::closedir(entries);
}

// What a limit of a bus may be.
struct bound {
  const char* name;
  std::uint64_t least;
  std::uint64_t most;
  std::uint64_t (*value)(const broker_config&) noexcept;

  bool holds(const broker_config& c) const noexcept
  {
    return value(c) >= least && value(c) <= most;
  }
};
constexpr bound bounds[] = {
    {"buffer_size", min_buffer_size, max_buffer_size,
     [](const broker_config& c) noexcept -> std::uint64_t { return c.buffer_size; }},
    {"max_clients", min_clients, max_clients_limit,
     [](const broker_config& c) noexcept -> std::uint64_t { return c.max_clients; }},
    {"max_subscriptions_per_client", 1, max_subscriptions_limit,
     [](const broker_config& c) noexcept -> std::uint64_t {
       return c.max_subscriptions_per_client;
     }},
};

// `text` is what `entry` points into.
bool find_group(const std::string& name, ::group& entry, std::vector<char>& text)
{
  text.resize(16384);
  ::group* found = nullptr;
  ::getgrnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
  return found != nullptr;
}

void set_rights(const shm::file& f, const broker_config& config, ::mode_t mode, std::error_code& ec)
{
  if (!config.group.empty()) {
    ::group entry;
    std::vector<char> text;
    if (!find_group(config.group, entry, text)) {
      ec = errc::invalid_config;
      return;
    }
    if (::fchown(f.descriptor(), static_cast<::uid_t>(-1), entry.gr_gid) != 0) {
      ec = shm::last_error();
      return;
    }
  }
  // fchmod, since open() would have let the umask take bits away.
  if (::fchmod(f.descriptor(), mode) != 0) ec = shm::last_error();
}

// A folder's execute bits follow the files' read bits.
::mode_t folder_mode(::mode_t mode) noexcept { return mode | (mode & 0444) >> 2; }

shm::file make_file(int folder, const char* name, std::uint64_t size, const broker_config& config,
                    std::error_code& ec)
{
  shm::file f = shm::open_at(folder, name, O_RDWR | O_CREAT | O_EXCL, 0600, ec);
  if (!ec) set_rights(f, config, config.mode, ec);
  if (!ec && size != 0 && ::ftruncate(f.descriptor(), static_cast<::off_t>(size)) != 0)
    ec = shm::last_error();
  return f;
}

bool fill_folder(int parent, const std::string& name, int folder, const broker_config& config,
                 bus_files& files, std::error_code& ec)
{
  const geometry g(config.max_clients, config.buffer_size, config.max_subscriptions_per_client);
  make_file(folder, "lock", 0, config, ec);
  if (ec) return false;
  files.lock = open_lock(folder, O_RDWR, ec);
  if (ec) return false;
  // From here on LIFE says that somebody is at work; before, a sweeper may have taken the file.
  if (!files.lock->try_lock_shared(life_byte) || !still_there(parent, name, *files.lock)) {
    ec = std::make_error_code(std::errc::no_such_file_or_directory);
    return false;
  }
  files.control = make_file(folder, "control", g.control_size, config, ec);
  if (ec) return false;
  files.data = make_file(folder, "data", g.data_size, config, ec);
  if (ec) return false;
  shm::reserve(files.control, 0, g.fixed_size, ec);
  if (!ec) write_header(files.control, config, ec);
  return !ec;
}

// Makes a bus aside and gives it its name. errc::already_exists: somebody was faster.
bool create(int parent, const broker_config& config, bus_files& files, std::error_code& ec)
{
  sweep_aside(parent);
  const std::string name = aside_name();
  if (::mkdirat(parent, name.c_str(), 0700) != 0) {
    ec = shm::last_error();
    return false;
  }
  const shm::file folder = shm::open_at(parent, name.c_str(), O_DIRECTORY | O_RDONLY, 0, ec);
  if (!ec) set_rights(folder, config, folder_mode(config.mode), ec);
  if (!ec && fill_folder(parent, name, folder.descriptor(), config, files, ec)) {
    shm::rename_exclusive(parent, name.c_str(), config.name.c_str(), ec);
    if (!ec) return true;
    if (is(ec, std::errc::file_exists)) ec = errc::already_exists;
  }
  remove_files(parent, name.c_str());
  files = {};
  return false;
}

enum class attempt { opened, absent, again, failed };

attempt try_open(int parent, const std::string& name, bus_files& files, std::error_code& ec)
{
  const shm::file folder = shm::open_at(parent, name.c_str(), O_DIRECTORY | O_RDONLY, 0, ec);
  if (is(ec, std::errc::no_such_file_or_directory)) return attempt::absent;
  if (ec) return attempt::failed;
  files.lock = open_lock(folder.descriptor(), O_RDWR, ec);
  if (is(ec, std::errc::no_such_file_or_directory)) {
    // A bus has its lock file from before it has its name until after it lost it.
    std::error_code ignored;
    const bool same =
        shm::identity(folder, ignored) == shm::identity_at(parent, name.c_str(), ignored);
    if (!same || ignored) return attempt::again;
    ec = errc::corrupt;
    return attempt::failed;
  }
  if (ec) return attempt::failed;
  if (files.lock->try_lock_exclusive(life_byte)) {
    // Nobody has it open. What dead processes left is of no use to anybody.
    if (still_there(parent, name, *files.lock)) put_aside(parent, name);
    return attempt::again;
  }
  if (!files.lock->try_lock_shared(life_byte)) return attempt::again;
  if (!still_there(parent, name, *files.lock)) return attempt::again;
  files.control = shm::open_at(folder.descriptor(), "control", O_RDWR, 0, ec);
  if (!ec) files.data = shm::open_at(folder.descriptor(), "data", O_RDWR, 0, ec);
  // Removed by force meanwhile.
  if (ec && !still_there(parent, name, *files.lock)) return attempt::again;
  return ec ? attempt::failed : attempt::opened;
}

// The folder in which buses are. The default one is made, and must be ours: /dev/shm is everybody's.
shm::file open_parent(const broker_config& config, fs::path& parent, std::error_code& ec)
{
  parent = config.directory.empty() ? default_directory() : config.directory;
  const bool ours = config.directory.empty() && !directory_from_environment();
  if (ours && ::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) {
    ec = shm::last_error();
    return {};
  }
  shm::file f{::open(parent.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC | (ours ? O_NOFOLLOW : 0))};
  if (!f) {
    const bool missing = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
    ec = missing ? make_error_code(errc::no_such_directory) : shm::last_error();
    return {};
  }
  struct stat s;
  if (ours && (::fstat(f.descriptor(), &s) != 0 || s.st_uid != ::geteuid()))
    ec = errc::permission_denied;
  return f;
}

}  // namespace

bool valid_bus_name(std::string_view name) noexcept
{
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed) &&
         name != "." && name != "..";
}

std::error_code check_config(const broker_config& c) noexcept
{
  if (!valid_bus_name(c.name)) return errc::invalid_name;
  for (const bound& b : bounds)
    if (!b.holds(c)) return errc::invalid_config;
  return valid_mode(c.mode) ? std::error_code{} : make_error_code(errc::invalid_config);
}

bool valid_mode(::mode_t m) noexcept { return (m & ~::mode_t{0666}) == 0 && (m & 0600) == 0600; }

std::string explain_config(const broker_config& c)
{
  if (!valid_bus_name(c.name))
    return "a name has 1 to 64 of the characters A-Z a-z 0-9 . _ - and is not . or ..";
  for (const bound& b : bounds) {
    if (b.holds(c)) continue;
    return std::string(b.name) + " is " + std::to_string(b.value(c)) + "; it may be " +
           std::to_string(b.least) + " to " + std::to_string(b.most);
  }
  if (!valid_mode(c.mode)) return "mode must be 0600, with read and write for others as wanted";
  if (!c.group.empty()) {
    ::group entry;
    std::vector<char> text;
    if (!find_group(c.group, entry, text)) return "there is no group '" + c.group + "'";
  }
  return {};
}

fs::path usual_directory() { return "/dev/shm/shmbus." + std::to_string(::geteuid()); }

bus_files open_bus(const broker_config& config, std::error_code& ec)
{
  ec = check_config(config);
  if (ec) return {};
  fs::path parent_path;
  const shm::file parent = open_parent(config, parent_path, ec);
  if (ec) return {};

  // A second's worth of attempts, not a second: who was stopped meanwhile has not tried yet.
  for (int attempts = 0; attempts != attempts_to_open; ++attempts) {
    bus_files files;
    switch (try_open(parent.descriptor(), config.name, files, ec)) {
      case attempt::opened:
        files.path = parent_path / config.name;
        if (config.open == open_mode::create_only) {
          close_bus(files);
          ec = errc::already_exists;
          return {};
        }
        return files;
      case attempt::absent:
        if (config.open == open_mode::open_only) {
          ec = errc::no_such_bus;
          return {};
        }
        ec.clear();
        if (create(parent.descriptor(), config, files, ec)) {
          files.path = parent_path / config.name;
          return files;
        }
        // Somebody was faster, or a sweeper took what was not locked yet: start again.
        if (ec != errc::already_exists && !is(ec, std::errc::no_such_file_or_directory)) return {};
        if (ec == errc::already_exists && config.open == open_mode::create_only) return {};
        break;
      case attempt::failed: return {};
      case attempt::again: break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ec = errc::busy;
  return {};
}

bus_files open_bus_to_look(const broker_config& config, std::error_code& ec)
{
  ec = check_config(config);
  if (ec) return {};
  bus_files files;
  const fs::path parent = config.directory.empty() ? default_directory() : config.directory;
  files.path = parent / config.name;
  const shm::file folder =
      shm::open_at(AT_FDCWD, files.path.c_str(), O_DIRECTORY | O_RDONLY, 0, ec);
  if (!ec) files.lock = open_lock(folder.descriptor(), O_RDONLY, ec);
  if (!ec) files.control = shm::open_at(folder.descriptor(), "control", O_RDONLY, 0, ec);
  if (!ec) files.data = shm::open_at(folder.descriptor(), "data", O_RDONLY, 0, ec);
  const bool missing = is(ec, std::errc::no_such_file_or_directory);
  if (missing || (!ec && !still_in_use(files))) ec = errc::no_such_bus;
  return files;
}

bool still_in_use(const bus_files& files) noexcept
{
  return still_there(AT_FDCWD, files.path, *files.lock) && files.lock->held_by_anyone(life_byte);
}

void close_bus(bus_files& files) noexcept
{
  if (!files.lock) return;
  files.lock->unlock_shared(life_byte);
  if (files.lock->try_lock_exclusive(life_byte)) {
    std::error_code ec;
    const shm::file parent =
        shm::open_at(AT_FDCWD, files.path.parent_path().c_str(), O_DIRECTORY | O_RDONLY, 0, ec);
    const std::string name = files.path.filename().string();
    if (parent && still_there(parent.descriptor(), name, *files.lock))
      put_aside(parent.descriptor(), name);
  }
  files = {};
}

void remove_bus(const broker_config& config, bool force, std::error_code& ec)
{
  ec.clear();
  if (!valid_bus_name(config.name)) {
    ec = errc::invalid_name;
    return;
  }
  fs::path path;
  const shm::file parent = open_parent(config, path, ec);
  if (ec) return;
  const shm::file folder =
      shm::open_at(parent.descriptor(), config.name.c_str(), O_DIRECTORY | O_RDONLY, 0, ec);
  if (is(ec, std::errc::no_such_file_or_directory)) ec = errc::no_such_bus;
  if (ec) return;
  const auto lock = open_lock(folder.descriptor(), O_RDWR, ec);
  if (is(ec, std::errc::no_such_file_or_directory)) ec = errc::no_such_bus;  // some other folder
  if (ec) return;
  if (!lock->try_lock_exclusive(life_byte) && !force) {
    ec = errc::busy;
    return;
  }
  if (still_there(parent.descriptor(), config.name, *lock))
    put_aside(parent.descriptor(), config.name);
}

bool bus_in_use(const fs::path& path) noexcept
{
  std::error_code ec;
  shm::file file = shm::open_at(AT_FDCWD, (path / "lock").c_str(), O_RDWR, 0, ec);
  if (!file) return ec != std::errc::no_such_file_or_directory;
  return shm::file_lock(std::move(file)).held_by_anyone(life_byte);
}

}  // namespace shmbus::core

namespace shmbus {

std::filesystem::path default_directory()
{
  if (const char* d = core::directory_from_environment()) return d;
  return core::usual_directory();
}

std::vector<bus_entry> list_buses(const std::filesystem::path& directory, std::error_code& ec)
{
  ec.clear();
  const auto path = directory.empty() ? default_directory() : directory;
  const bool may_be_missing = directory.empty() && !core::directory_from_environment();
  std::vector<bus_entry> found;
  std::filesystem::directory_iterator entries(path, ec);
  if (ec) {
    if (ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory)
      ec = may_be_missing ? std::error_code{} : make_error_code(errc::no_such_directory);
    else
      ec = shm::system_error(ec.value());
    return found;
  }
  for (; entries != std::filesystem::directory_iterator{}; entries.increment(ec)) {
    if (ec) return found;
    const std::string name = entries->path().filename().string();
    std::error_code refused;
    const bool there = std::filesystem::exists(entries->path() / "lock", refused);
    if (!core::valid_bus_name(name) || !(there || refused == std::errc::permission_denied))
      continue;
    found.push_back({name, refused || core::bus_in_use(entries->path())});
  }
  std::sort(found.begin(), found.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return found;
}

std::vector<bus_entry> list_buses(const std::filesystem::path& directory)
{
  std::error_code ec;
  auto found = list_buses(directory, ec);
  detail::throw_if(
      ec, "cannot list buses in " + (directory.empty() ? default_directory() : directory).string());
  return found;
}

}  // namespace shmbus
