#include "command/recording/input.hpp"

#include "command/failure.hpp"
#include "command/session.hpp"
#include "core/utf8.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace shmbus::command {
namespace {

failure cannot(const char* what, const std::string& name)
{
  return {status_error, std::string("cannot ") + what + " " + name + ": " +
                            std::generic_category().message(errno)};
}

}  // namespace

recording_input::recording_input(asio::io_context& context, const std::string& path)
    : path_(path), file_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC))
{
  if (file_ < 0) throw cannot("open", name());
  ready_.emplace(context, file_, EPOLLIN);
}

recording_input::~recording_input()
{
  ready_.reset();
  if (file_ != STDIN_FILENO) ::close(file_);
}

asio::awaitable<const recording::record*> recording_input::next()
{
  using end = recording::reader::end;
  while (reader_.ending() == end::none) {
    if (const recording::record* one = reader_.next()) co_return one;
    if (reader_.ending() != end::none) break;
    const auto room = reader_.room();
    reader_.filled(co_await read(room));
  }
  if (reader_.foreign())
    throw failure(status_error, "cannot read " + name() + ": " + std::string(reader_.problem()));
  co_return nullptr;
}

asio::awaitable<std::size_t> recording_input::read(std::span<std::byte> to)
{
  for (;;) {
    co_await ready_->wait();
    co_await breathe();  // files never wait
    const ::ssize_t n = ::read(file_, to.data(), to.size());
    if (n >= 0) co_return static_cast<std::size_t>(n);
    if (errno != EINTR && errno != EAGAIN) throw cannot("read", name());
  }
}

void recording_input::rewind()
{
  if (::lseek(file_, 0, SEEK_SET) != 0) throw cannot("read again", name());
  reader_ = {};
}

std::string recording_input::problem() const
{
  return name() + " cannot be read beyond byte " + std::to_string(position()) + ": " +
         std::string(reader_.problem());
}

std::uint64_t recording_input::size() const noexcept
{
  struct ::stat s {};
  if (::fstat(file_, &s) != 0 || !S_ISREG(s.st_mode)) return 0;
  return static_cast<std::uint64_t>(s.st_size);
}

std::string recording_input::name() const
{
  return path_ == "-" ? "standard input" : core::quoted(path_);
}

}  // namespace shmbus::command
