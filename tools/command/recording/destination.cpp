#include "command/recording/destination.hpp"

#include "command/failure.hpp"
#include "command/recording/reader.hpp"
#include "core/utf8.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shmbus::command {
namespace {

bool is_regular(int file) noexcept
{
  struct ::stat s {};
  return ::fstat(file, &s) == 0 && S_ISREG(s.st_mode);
}

}  // namespace

destination::destination(asio::io_context& context, const std::string& path, existing what)
    : path_(path)
{
  if (path == "-") {
    output_.emplace(context);
    return;
  }
  try {
    open(what);
  } catch (...) {
    if (file_ >= 0) ::close(file_);
    throw;
  }
}

destination::~destination()
{
  if (file_ >= 0) ::close(file_);
}

void destination::open(existing what)
{
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0666);
  if (file_ < 0 && errno == EEXIST) file_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (file_ < 0) fail("open");
  if (!is_regular(file_)) return;  // a pipe, a terminal, /dev/null
  // Two that append would write into each other's records.
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0)
    throw failure(status_error, "another process records into " + name());
  struct ::stat s {};
  if (::fstat(file_, &s) != 0) fail("read");
  if (s.st_size == 0) return;
  if (what == existing::refuse)
    throw failure(status_error, name() +
                                    " is there already; choose another, or --append or "
                                    "--overwrite");
  if (what == existing::append) continue_recording();
  if (::ftruncate(file_, static_cast<::off_t>(size_)) != 0) fail("cut");
  if (::lseek(file_, 0, SEEK_END) < 0) fail("write");
  cut_off_ = what == existing::append ? static_cast<std::uint64_t>(s.st_size) - size_ : 0;
}

void destination::continue_recording()
{
  recording::reader reader;
  while (reader.ending() == recording::reader::end::none) {
    if (reader.next() || reader.ending() != recording::reader::end::none) continue;
    const auto room = reader.room();
    const ::ssize_t n = ::read(file_, room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("read");
    reader.filled(static_cast<std::size_t>(n));
  }
  // What is behind a changed record may be worth something: its owner has to decide.
  if (reader.ending() == recording::reader::end::damaged)
    throw failure(status_error, "cannot append to " + name() + ": " +
                                    std::string(reader.problem()) + ", at byte " +
                                    std::to_string(reader.position()));
  kept_ = size_ = reader.position();
}

asio::awaitable<bool> destination::write(std::string_view text)
{
  if (output_) co_return co_await output_->write(text);
  write_to_file(text);
  co_return true;
}

void destination::write_to_file(std::string_view text)
{
  const std::size_t size = text.size();
  while (!text.empty()) {
    const ::ssize_t n = ::write(file_, text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    const int why = errno;
    const auto end = static_cast<::off_t>(size_);
    if (::ftruncate(file_, end) == 0) ::lseek(file_, end, SEEK_SET);
    errno = why;
    fail("write");
  }
  size_ += size;
}

std::string destination::name() const
{
  return path_ == "-" ? "standard output" : core::quoted(path_);
}

void destination::fail(const char* doing) const
{
  throw failure(status_error, std::string("cannot ") + doing + " " + name() + ": " +
                                  std::generic_category().message(errno));
}

}  // namespace shmbus::command
