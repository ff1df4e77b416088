#include "shm/directory_watch.hpp"
#include "shm/file.hpp"
#include "shm/mapping.hpp"
#include "shmbus/errc.hpp"
#include "test.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

using namespace shmbus;
using shm::file;

namespace {

struct fixture {
  fixture()
  {
    REQUIRE(::mkdtemp(directory) != nullptr);
    here = file(::open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~fixture() { std::filesystem::remove_all(directory); }

  file make(const char* name)
  {
    return shm::open_at(here.descriptor(), name, O_RDWR | O_CREAT | O_EXCL, 0600, ec);
  }

  char directory[26] = "/tmp/shmbus-files.XXXXXX";
  file here;
  std::error_code ec;
};

bool readable(int descriptor)
{
  ::pollfd p{descriptor, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

}  // namespace

TEST_CASE_FIXTURE(fixture, "file: closed on exec, never through a symbolic link")
{
  const file f = make("a");
  REQUIRE(f);
  CHECK((::fcntl(f.descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_FALSE(make("a"));
  CHECK(ec == std::errc::file_exists);
  REQUIRE(::symlinkat("a", here.descriptor(), "link") == 0);
  CHECK_FALSE(shm::open_at(here.descriptor(), "link", O_RDWR, 0, ec));
  CHECK(ec);
  CHECK_FALSE(shm::open_at(here.descriptor(), "nothing", O_RDWR, 0, ec));
  CHECK(ec == std::errc::no_such_file_or_directory);
}

TEST_CASE_FIXTURE(fixture, "file: the same file is known by its identity, not by its name")
{
  const file f = make("a");
  const auto a = shm::identity(f, ec);
  REQUIRE_FALSE(ec);
  CHECK(a == shm::identity_at(here.descriptor(), "a", ec));
  REQUIRE(::renameat(here.descriptor(), "a", here.descriptor(), "b") == 0);
  CHECK(a == shm::identity_at(here.descriptor(), "b", ec));
  const file other = make("a");
  CHECK_FALSE(a == shm::identity_at(here.descriptor(), "a", ec));
  CHECK_FALSE(ec);
  shm::identity_at(here.descriptor(), "nothing", ec);
  CHECK(ec);
  ec.clear();
  shm::identity(file(), ec);
  CHECK(ec);
}

TEST_CASE_FIXTURE(fixture, "file: a rename that takes nobody's place")
{
  REQUIRE(::mkdirat(here.descriptor(), "new", 0700) == 0);
  REQUIRE(::mkdirat(here.descriptor(), "there", 0700) == 0);
  shm::rename_exclusive(here.descriptor(), "new", "there", ec);
  CHECK(ec == std::errc::file_exists);
  ec.clear();
  shm::rename_exclusive(here.descriptor(), "new", "name", ec);
  CHECK_FALSE(ec);
  shm::rename_exclusive(here.descriptor(), "new", "again", ec);
  CHECK(ec);
}

TEST_CASE_FIXTURE(fixture, "file: reserved room is there and counts; a bad file is an error")
{
  const file f = make("a");
  shm::reserve(f, 0, 1 << 16, ec);
  REQUIRE_FALSE(ec);
  struct ::stat status = {};
  REQUIRE(::fstat(f.descriptor(), &status) == 0);
  CHECK(status.st_blocks * 512 >= 1 << 16);
  shm::reserve(file(), 0, 4096, ec);
  CHECK(ec);
}

TEST_CASE("file: errors of the system that have a name here")
{
  CHECK(shm::system_error(ENOSPC) == errc::no_space);
  CHECK(shm::system_error(EACCES) == errc::permission_denied);
  CHECK(shm::system_error(EIO) == std::errc::io_error);
}

TEST_CASE_FIXTURE(fixture, "mapping: shared with who maps the same; read-only stays so")
{
  const file f = make("a");
  REQUIRE(::ftruncate(f.descriptor(), 4096) == 0);
  shm::mapping writer(f, 4096, shm::access::read_write, ec);
  shm::mapping reader(f, 4096, shm::access::read_only, ec);
  REQUIRE_FALSE(ec);
  writer.begin()[17] = std::byte{5};
  CHECK(reader.begin()[17] == std::byte{5});
  shm::mapping moved = std::move(writer);
  CHECK(moved.size() == 4096);
  CHECK_FALSE(writer);
  const shm::mapping none(file(), 4096, shm::access::read_write, ec);
  CHECK(ec);
  CHECK_FALSE(none);
}

TEST_CASE_FIXTURE(fixture, "directory_watch: tells when a file of the directory was closed")
{
  shm::directory_watch watch(directory, ec);
  REQUIRE_FALSE(ec);
  CHECK_FALSE(readable(watch.descriptor()));
  CHECK_FALSE(watch.drain());
  file f = make("a");
  CHECK_FALSE(watch.drain());  // opened is not closed
  f.close();
  CHECK(readable(watch.descriptor()));
  CHECK(watch.drain());
  CHECK_FALSE(readable(watch.descriptor()));
  const shm::directory_watch none("/no/such/directory", ec);
  CHECK(ec == std::errc::no_such_file_or_directory);
  CHECK_FALSE(none);
}
