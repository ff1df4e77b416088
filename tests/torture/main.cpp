// What becomes of a bus whose users die, stop, fail and lie.
//
//   torture MODE [NUMBER...]
//
//   kill N          N times one of 4 publishers and 8 subscribers is killed at a random time
//   points N        a client is killed at each of its steps; N pairs: and who cleans up too
//   points 0 A B    all pairs; or those in which A is in the name of the first place, B of the second
//   between NAME    one is stopped, or killed, between any two steps, while another does all of his; only
//                   the scenes with NAME in their names, or all
//   stop S N        each role is stopped for S seconds, for each policy; N times any of them, for a while
//   corrupt N       N times a bit or a word of a bus in use is changed
//   syscalls        each system call of a client fails once
//   limits          few descriptors, and no right to watch for deaths
//   forks N         N times a client forks, and is killed while its child lives on
//   churn N M       N clients come and go, every tenth is killed, among M that are replaced one by one
//   create N        N times 64 processes open the same bus at once, some are killed
//   space N         N times a bus fills its file system
//   notice N        how soon a death is noticed, and a message of the dead received; N deaths
//   namespaces      processes with equal pids, in two pid namespaces, share a bus
//   passers N MS R  R publishers a second, N in all, come, publish and go, beside one subscriber that
//                   only waits and one that calls once in MS milliseconds
//   idle N D S      N processes wait for a message, S seconds are measured, and D of them die
//
// Its last line says how many failures there were; exit status 0: none, 77: not possible here.
#include "shmbus/log.hpp"
#include "torture/arena.hpp"
#include "torture/modes.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace {

struct mode {
  std::string_view name;
  int (*run)(const torture::arguments&);
};
constexpr mode modes[] = {
    {"kill", torture::kill_mode},       {"points", torture::points_mode},
    {"between", torture::between_mode}, {"stop", torture::stop_mode},
    {"corrupt", torture::corrupt_mode}, {"syscalls", torture::syscalls_mode},
    {"churn", torture::churn_mode},     {"create", torture::create_mode},
    {"space", torture::space_mode},     {"namespaces", torture::namespaces_mode},
    {"limits", torture::limits_mode},   {"forks", torture::forks_mode},
    {"notice", torture::notice_mode},   {"idle", torture::idle_mode},
    {"passers", torture::passers_mode},
};

int run(const mode& m, const torture::arguments& a)
{
  std::string directory = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  directory += "/shmbus-torture.XXXXXX";
  if (!::mkdtemp(directory.data())) return 1;
  ::setenv("SHMBUS_DIR", directory.c_str(), 1);
  int failures = 1;
  int status = 0;
  try {
    failures = m.run(a);
  } catch (const torture::skipped& s) {
    std::printf("skipped: %s\n", s.why.c_str());
    status = 77;
  } catch (const std::exception& e) {
    std::printf("the driver failed: %s\n", e.what());
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  if (status != 0) return status;
  std::printf("%.*s: %d failures\n", static_cast<int>(m.name.size()), m.name.data(), failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv)
{
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  shmbus::logger()->set_level(spdlog::level::err);  // warnings are what is wanted here
  torture::shared_arena();
  for (const mode& m : modes)
    if (argc > 1 && m.name == argv[1]) return run(m, torture::arguments(argc - 2, argv + 2));
  std::fprintf(stderr, "usage: torture MODE [NUMBER...]\nmodes:");
  for (const mode& m : modes)
    std::fprintf(stderr, " %.*s", static_cast<int>(m.name.size()), m.name.data());
  std::fprintf(stderr, "\n");
  return 2;
}
