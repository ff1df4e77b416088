#include "shm/file_lock.hpp"
#include "test.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

using shmbus::shm::file;
using shmbus::shm::file_lock;

namespace {

struct fixture {
  fixture()
  {
    REQUIRE(::mkdtemp(directory) != nullptr);
    path = std::string(directory) + "/lock";
  }
  ~fixture()
  {
    ::unlink(path.c_str());
    ::rmdir(directory);
  }

  file open()
  {
    std::error_code ec;
    file f = shmbus::shm::open_at(AT_FDCWD, path.c_str(), O_RDWR | O_CREAT, 0600, ec);
    REQUIRE_FALSE(ec);
    return f;
  }

  char directory[26] = "/tmp/shmbus-locks.XXXXXX";
  std::string path;
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "file_lock: one holds a byte, the others see it")
{
  file_lock a(open());
  file_lock b(open());
  CHECK(a.try_lock(70));
  CHECK_FALSE(a.try_lock(70));  // held here
  CHECK_FALSE(b.try_lock(70));  // held there
  CHECK(b.try_lock(71));
  CHECK(a.held_by_anyone(70));
  CHECK(b.held_by_anyone(70));
  CHECK_FALSE(b.held_by_anyone(72));
  a.unlock(70);
  CHECK_FALSE(a.held_by_anyone(70));
  CHECK(b.try_lock(70));
}

TEST_CASE_FIXTURE(fixture, "file_lock: what one holds goes with it")
{
  file_lock b(open());
  {
    file_lock a(open());
    CHECK(a.try_lock(64));
    CHECK(b.held_by_anyone(64));
  }
  CHECK_FALSE(b.held_by_anyone(64));
}

TEST_CASE_FIXTURE(fixture, "file_lock: its number is above that of most files, where it may be")
{
  const file_lock a(open());
  CHECK(a.locked_file().descriptor() >= 512);  // it goes before what the kernel closes slowly
  ::rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const ::rlimit few{100, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  file_lock b(open());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(b.locked_file().descriptor() < 100);
  CHECK(b.try_lock(70));
}

TEST_CASE_FIXTURE(fixture, "file_lock: shared by many, exclusive for one")
{
  file_lock a(open());
  file_lock b(open());
  CHECK(a.try_lock_shared(0));
  CHECK(b.try_lock_shared(0));
  CHECK_FALSE(a.try_lock_exclusive(0));
  b.unlock_shared(0);
  CHECK(a.try_lock_exclusive(0));
  CHECK_FALSE(b.try_lock_shared(0));
  a.unlock_shared(0);
  CHECK(b.try_lock_exclusive(0));
}

TEST_CASE("file_lock: if the kernel does not answer, a byte counts as held")
{
  file_lock nothing;
  CHECK(nothing.held_by_anyone(64));
  CHECK_FALSE(nothing.try_lock(64));
  CHECK_FALSE(nothing.try_lock_shared(0));
}
