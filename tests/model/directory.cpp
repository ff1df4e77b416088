// The life of a bus's folder: opened, made, closed and removed by several processes at once, of which
// some are killed or stopped at any system call. The production code, on a real file system.
#include "core/bus_directory.hpp"
#include "core/bus_format.hpp"
#include "model/calls.hpp"
#include "model/explorer.hpp"
#include "model/races.hpp"
#include "model/report.hpp"
#include "shmbus/errc.hpp"

#include <fcntl.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

namespace model {

// One thread of each process: nothing to watch.
void races::begin() noexcept {}
void races::access(const void*, std::size_t, bool) noexcept {}

namespace {

namespace fs = std::filesystem;
using shmbus::errc;
using shmbus::open_mode;
using shmbus::core::bus_files;

fs::path* root = nullptr;

shmbus::broker_config config(open_mode mode = open_mode::open_or_create)
{
  return {.name = "b",
          .directory = *root,
          .buffer_size = 64 << 10,
          .max_clients = 2,
          .max_subscriptions_per_client = 1,
          .open = mode};
}

// Somebody who opens the bus, has it, and closes it.
struct user {
  process_id in;
  bool may_be_refused = false;  // while others go on, are stopped, or remove by force
  bool has_it = false;
  shmbus::shm::file_identity what;

  bool open(open_mode mode = open_mode::open_or_create);
  void use();
  void close();

  bus_files files;
};

struct stage {
  // A sweeper that is late may keep the last one out from removing the bus; the next one does.
  bool may_stay = false;
  bool forced = false;  // somebody removes by force: who has the bus keeps what he has
  std::vector<std::unique_ptr<user>> users;

  user& add(process_id p, bool may_be_refused = false)
  {
    users.push_back(std::make_unique<user>());
    users.back()->in = p;
    users.back()->may_be_refused = may_be_refused;
    return *users.back();
  }
};
stage* now = nullptr;

shmbus::shm::file_identity there()
{
  std::error_code ec;
  return shmbus::shm::identity_at(AT_FDCWD, (*root / "b" / "control").c_str(), ec);
}

bool user::open(open_mode mode)
{
  std::error_code ec;
  files = shmbus::core::open_bus(config(mode), ec);
  if (ec == errc::busy && may_be_refused) return false;
  if (mode == open_mode::create_only && ec == errc::already_exists) return false;
  if (mode == open_mode::open_only && ec == errc::no_such_bus) return false;
  if (ec) violation("open says %s", ec.message().c_str());
  what = shmbus::shm::identity(files.control, ec);
  // All who have it have the same.
  for (const auto& other : now->users)
    if (other->has_it && alive(other->in) && !now->forced && !(other->what == what))
      violation("two processes have two buses of one name");
  has_it = true;
  return true;
}

void user::use()
{
  std::error_code ec;
  shmbus::core::read_header(files.control, files.data, ec);
  if (ec) violation("what was opened is no bus: %s", ec.message().c_str());
  if (!now->forced && !(there() == what)) violation("a bus was removed while somebody had it");
}

void user::close()
{
  has_it = false;
  shmbus::core::close_bus(files);
}

void uses_it(user& u, open_mode mode = open_mode::open_or_create)
{
  spawn(u.in, [&u, mode] {
    if (!u.open(mode)) return;
    u.use();
    u.close();
  });
}

void removes_it(process_id p, bool force)
{
  spawn(p, [force] {
    std::error_code ec;
    shmbus::core::remove_bus(config(), force, ec);
    if (ec && ec != errc::busy && ec != errc::no_such_bus &&
        ec != std::errc::no_such_file_or_directory)
      violation("remove says %s", ec.message().c_str());
  });
}

stage& begin()
{
  fs::remove_all(*root);
  fs::create_directory(*root);
  calls::begin();
  now = new stage;
  return *now;
}

// Somebody has the bus already.
void opens_before(user& u)
{
  const acting_as me(u.in);
  u.open();
}

bool deaths()
{
  for (std::size_t p = 0; p != processes(); ++p)
    if (!alive(static_cast<process_id>(p))) return true;
  return false;
}

// All have done what they wanted. Nothing is left; after a death, nothing after the next one's visit.
void look()
{
  if (!deaths()) {
    if (!now->may_stay && !fs::is_empty(*root))
      violation("the last one out left %s",
                fs::directory_iterator(*root)->path().filename().c_str());
    if (calls::open_descriptors() != 0) violation("a descriptor is left open");
  }
  std::error_code ec;
  auto files = shmbus::core::open_bus(config(), ec);
  if (ec) violation("the next one cannot open: %s", ec.message().c_str());
  shmbus::core::close_bus(files);
  if (!fs::is_empty(*root))
    violation("the next one leaves %s", fs::directory_iterator(*root)->path().filename().c_str());
}

void two_openers(bool mortal)
{
  stage& s = begin();
  for (const char* name : {"A", "B"}) uses_it(s.add(new_process(name, mortal), mortal));
}

const report_entry entries[] = {
    {"two processes open a bus that is not there, and close it",
     {},
     {2, 8000, 500},
     {3, 5000000, 500000},
     [] { two_openers(false); }},
    {"three processes open a bus that is not there, and close it",
     {},
     {1, 6000, 500},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       for (const char* name : {"A", "B", "C"}) uses_it(s.add(new_process(name, false), true));
     }},
    {"one of two is killed at any system call",
     {.kills = 1},
     {1, 16000, 500},
     {2, 5000000, 500000},
     [] { two_openers(true); }},
    {"both of two are killed at any system call",
     {.kills = 2},
     {0, 12000, 500},
     {1, 5000000, 500000},
     [] { two_openers(true); }},
    {"one of two is stopped at any system call, and goes on when the other one is done",
     {.stops = 1},
     {1, 12000, 500},
     {2, 5000000, 500000},
     [] { two_openers(true); }},
    {"one is stopped and one is killed, of three",
     {.kills = 1, .stops = 1},
     {0, 5000, 1000},
     {1, 5000000, 500000},
     [] {
       stage& s = begin();
       for (const char* name : {"A", "B", "C"}) uses_it(s.add(new_process(name, true), true));
     }},
    {"the last one out closes while another one opens, and one is killed",
     {.kills = 1},
     {0, 6000, 1000},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       user& a = s.add(new_process("%s", true), true);
       user& b = s.add(new_process("%s", true), true);
       opens_before(a);
       spawn(a.in, [&a] {
         a.use();
         a.close();
       });
       uses_it(b);
     }},
    {"two open what killed processes left, and one is killed",
     {.kills = 1},
     {0, 6000, 1000},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       user& dead = s.add(new_process("dead", true));
       opens_before(dead);
       kill(dead.in);
       for (const char* name : {"A", "B"}) uses_it(s.add(new_process(name, true), true));
     }},
    {"a bus is removed that somebody opens and somebody closes, and one is killed",
     {.kills = 1},
     {0, 6000, 1000},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       user& a = s.add(new_process("%s", true), true);
       user& b = s.add(new_process("%s", true), true);
       opens_before(a);
       spawn(a.in, [&a] {
         a.use();
         a.close();
       });
       uses_it(b);
       removes_it(new_process("remover", true), false);
     }},
    {"a bus is removed by force while somebody opens it",
     {},
     {1, 4000, 500},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       s.forced = true;
       user& a = s.add(new_process("%s", false), true);
       user& b = s.add(new_process("%s", false), true);
       opens_before(a);
       spawn(a.in, [&a] { a.close(); });
       spawn(b.in, [&b] {
         if (b.open()) b.close();
       });
       removes_it(new_process("remover", false), true);
     }},
    {"two make the bus only if it is not there, one opens it only if it is",
     {},
     {1, 4000, 500},
     {2, 5000000, 500000},
     [] {
       stage& s = begin();
       s.may_stay = true;
       uses_it(s.add(new_process("A", false), true), open_mode::create_only);
       uses_it(s.add(new_process("B", false), true), open_mode::create_only);
       uses_it(s.add(new_process("C", false), true), open_mode::open_only);
     }},
};

}  // namespace
}  // namespace model

int main(int argc, char** argv)
{
  using namespace model;
  char name[] = "/dev/shm/shmbus-model-XXXXXX";
  if (!::mkdtemp(name)) {
    std::puts("no folder in /dev/shm");
    return 77;
  }
  fs::path folder = fs::path(name) / "buses";
  root = &folder;
  const int failed = report(
      argc, argv, entries, std::size(entries), [] {}, look);
  fs::remove_all(name);
  return failed;
}
