#include "core/bus_directory.hpp"
#include "shmbus/errc.hpp"
#include "test.hpp"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace shmbus;
namespace fs = std::filesystem;

namespace {

struct fixture {
  fixture() { REQUIRE(::mkdtemp(directory) != nullptr); }
  ~fixture() { fs::remove_all(directory); }

  broker_config config(open_mode mode = open_mode::open_or_create) const
  {
    return {.name = "bus", .directory = directory, .buffer_size = 1 << 20, .open = mode};
  }
  core::bus_files open(open_mode mode = open_mode::open_or_create)
  {
    return core::open_bus(config(mode), ec);
  }
  fs::path bus() const { return fs::path(directory) / "bus"; }
  std::size_t entries() const
  {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory), fs::directory_iterator{}));
  }

  char directory[24] = "/tmp/shmbus-dirs.XXXXXX";
  std::error_code ec;
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "bus_directory: the first makes the bus, the last removes it")
{
  auto first = open();
  REQUIRE_FALSE(ec);
  CHECK(first.path == bus());
  auto second = open(open_mode::open_only);
  REQUIRE_FALSE(ec);
  CHECK(shm::identity(first.control, ec) == shm::identity(second.control, ec));
  CHECK(core::bus_in_use(bus()));
  core::close_bus(first);
  CHECK(core::bus_in_use(bus()));
  core::close_bus(second);
  CHECK_FALSE(core::bus_in_use(bus()));
  CHECK(entries() == 0);
  core::close_bus(second);  // closed already
}

TEST_CASE_FIXTURE(fixture, "bus_directory: only open, only create")
{
  CHECK_FALSE(open(open_mode::open_only).lock);
  CHECK(ec == errc::no_such_bus);
  CHECK(entries() == 0);
  auto first = open(open_mode::create_only);
  CHECK_FALSE(ec);
  CHECK_FALSE(open(open_mode::create_only).lock);
  CHECK(ec == errc::already_exists);
  CHECK(core::bus_in_use(bus()));  // the attempt did no harm
  core::close_bus(first);
}

TEST_CASE_FIXTURE(fixture, "bus_directory: what nobody has open is made anew")
{
  {
    const auto killed = open();  // its descriptors go, and the folder stays
    std::ofstream(bus() / "control") << "old";
  }
  CHECK_FALSE(core::bus_in_use(bus()));
  SUBCASE("by who may make one")
  {
    auto next = open(open_mode::create_only);
    CHECK_FALSE(ec);
    CHECK(fs::file_size(bus() / "control") > 3);
    core::close_bus(next);
  }
  SUBCASE("and is no bus for who may not")
  {
    CHECK_FALSE(open(open_mode::open_only).lock);
    CHECK(ec == errc::no_such_bus);
  }
  CHECK(entries() == 0);
}

TEST_CASE_FIXTURE(fixture, "bus_directory: what killed makers and removers left is swept")
{
  fs::create_directory(fs::path(directory) / "~empty");
  fs::create_directory(fs::path(directory) / "~halfmade");
  std::ofstream(fs::path(directory) / "~halfmade" / "lock");
  std::ofstream(fs::path(directory) / "~halfmade" / "control");
  fs::create_directory(fs::path(directory) / "other");  // not ours to sweep
  std::ofstream(fs::path(directory) / "other" / "lock");
  auto files = open();
  REQUIRE_FALSE(ec);
  CHECK(entries() == 2);
  core::close_bus(files);
  CHECK(fs::exists(fs::path(directory) / "other" / "lock"));
}

TEST_CASE_FIXTURE(fixture, "bus_directory: a folder that is no bus is left alone")
{
  fs::create_directory(bus());
  std::ofstream(bus() / "notes") << "mine";
  CHECK_FALSE(open().lock);
  CHECK(ec == errc::corrupt);
  CHECK(fs::exists(bus() / "notes"));
}

TEST_CASE_FIXTURE(fixture, "bus_directory: who removes keeps the others out, for a second at most")
{
  auto files = open();
  files.lock->unlock_shared(core::life_byte);
  REQUIRE(files.lock->try_lock_exclusive(core::life_byte));  // and then it stops
  CHECK_FALSE(open().lock);
  CHECK(ec == errc::busy);
  CHECK(fs::exists(bus() / "control"));
}

TEST_CASE_FIXTURE(fixture,
                  "bus_directory: a bus whose folder was replaced takes nothing away with it")
{
  auto old = open();
  fs::rename(bus(), fs::path(directory) / "elsewhere");
  auto fresh = open();
  REQUIRE_FALSE(ec);
  core::close_bus(old);
  CHECK(core::bus_in_use(bus()));
  core::close_bus(fresh);
  CHECK_FALSE(fs::exists(bus()));
}

TEST_CASE_FIXTURE(fixture,
                  "bus_directory: a missing or wrong directory is an error that makes nothing")
{
  auto c = config();
  c.directory = fs::path(directory) / "missing";
  CHECK_FALSE(core::open_bus(c, ec).lock);
  CHECK(ec == errc::no_such_directory);
  CHECK_FALSE(fs::exists(c.directory));
  std::ofstream(fs::path(directory) / "file");
  c.directory = fs::path(directory) / "file";
  CHECK_FALSE(core::open_bus(c, ec).lock);
  CHECK(ec == errc::no_such_directory);
  c = config();
  c.group = "no such group";
  CHECK_FALSE(core::open_bus(c, ec).lock);
  CHECK(ec == errc::invalid_config);
  CHECK(entries() == 1);
}

TEST_CASE_FIXTURE(fixture,
                  "bus_directory: threads that make and leave at once always get a whole bus")
{
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 50; ++i) {
        std::error_code mine;
        auto files = core::open_bus(config(), mine);
        if (mine || !files.control || !files.data) ++wrong;
        core::close_bus(files);
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(entries() == 0);
}
