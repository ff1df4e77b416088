#include "shmbus/system.hpp"

#include "core/bus_directory.hpp"
#include "shm/directory_watch.hpp"
#include "shm/memory_barrier.hpp"
#include "shmbus/client_info.hpp"
#include "wake/wakeup.hpp"

#include <sys/statfs.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace shmbus {
namespace {

constexpr long tmpfs_magic = 0x01021994;
constexpr std::uint64_t little_room = std::uint64_t{64} << 20;

void examine_wakeup(system_report& report)
{
  const char* variable = std::getenv("SHMBUS_WAKEUP");
  const std::string_view wanted = variable ? variable : "";
  const std::uint32_t word = 0;
  std::string why;
  const bool uring = wake::make_uring_wakeup({&word, -1}, why) != nullptr;
  if (wanted == "thread") {
    report.wakeup = "thread";
    report.wakeup_reason = "SHMBUS_WAKEUP=thread asks for it";
  } else if (uring) {
    report.wakeup = "uring";
    report.wakeup_reason = "io_uring's futex wait works here";
  } else {
    report.wakeup = "thread";
    report.wakeup_reason = why;
    if (wanted == "uring")
      report.problems.push_back("SHMBUS_WAKEUP=uring is set, but " + why +
                                ": every wait will fail; unset it");
  }
  if (!wanted.empty() && wanted != "thread" && wanted != "uring")
    report.problems.push_back("SHMBUS_WAKEUP=" + std::string(wanted) +
                              " is neither uring nor thread: it is ignored");
}

void examine_directory(system_report& report, const std::filesystem::path& directory)
{
  namespace fs = std::filesystem;
  report.directory = directory.empty() ? default_directory() : directory;
  std::error_code ignored;
  fs::path there = report.directory;
  if (!fs::exists(there, ignored)) {
    if (there != core::usual_directory())  // which is made when it is needed
      report.problems.push_back(report.directory + " does not exist: make it");
    there = there.parent_path();
  }
  struct ::statfs s;
  if (::statfs(there.c_str(), &s) != 0) {
    report.problems.push_back(there.string() + " cannot be examined: is it mounted?");
    return;
  }
  const bool tmpfs = s.f_type == tmpfs_magic;
  report.directory_type = tmpfs ? "tmpfs" : "not a tmpfs";
  report.directory_free =
      static_cast<std::uint64_t>(s.f_bavail) * static_cast<std::uint64_t>(s.f_bsize);
  if (!tmpfs)
    report.problems.push_back(
        report.directory + " is not on a tmpfs: messages may be written to a disk; use /dev/shm");
  if (report.directory_free < little_room)
    report.problems.push_back(report.directory +
                              " has little room left: make /dev/shm larger (in a "
                              "container: --shm-size)");
  std::error_code ec;
  shm::directory_watch watch(there.c_str(), ec);
  report.can_watch_deaths = !ec;
  if (ec)
    report.problems.push_back("inotify cannot be used (" + ec.message() +
                              "): deaths are noticed after a second; raise "
                              "fs.inotify.max_user_instances");
}

}  // namespace

system_report examine_system(const std::filesystem::path& directory)
{
  system_report report;
  report.version = SHMBUS_VERSION;
  ::utsname names;
  if (::uname(&names) == 0) report.kernel = names.release;
  examine_wakeup(report);
  examine_directory(report, directory);
  report.has_membarrier = shm::barrier_on_all_threads();
  return report;
}

}  // namespace shmbus
