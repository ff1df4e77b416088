#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace shmbus::command {

/// Waits for a descriptor that other processes share, like standard input.
///
/// Asio makes what it waits for non-blocking, and with it what a shell and its other children have.
/// So it waits for an epoll instance of our own that watches the descriptor.
class shared_descriptor {
public:
  /// `events` as epoll_ctl(2) has them; 0: only errors, like a pipe that lost its reader.
  shared_descriptor(asio::io_context& context, int descriptor, std::uint32_t events);

  /// Whether there is a point in waiting: not with files, which are always ready.
  bool can_wait() const noexcept { return can_wait_; }

  /// Returns when one of the events is there.
  asio::awaitable<void> wait();

private:
  asio::posix::stream_descriptor epoll_;
  bool can_wait_ = false;
};

/// Writes to standard output, and waits before it would block.
class output {
public:
  explicit output(asio::io_context& context);

  /// False: nobody reads any more. Other errors are thrown as `failure`.
  asio::awaitable<bool> write(std::string_view text);

  /// Returns when nobody reads any more.
  asio::awaitable<void> closed();

private:
  asio::awaitable<void> writable();

  shared_descriptor room_;
  shared_descriptor end_;
};

/// Reads lines from standard input.
class line_input {
public:
  /// A line of more than `max_size` bytes is an error: message_too_large.
  line_input(asio::io_context& context, std::size_t max_size);

  /// The next line, without its end. False: there is none.
  asio::awaitable<bool> next(std::string& line);

private:
  asio::awaitable<bool> fill();

  shared_descriptor ready_;
  std::size_t max_size_;
  std::string read_;
  std::size_t begin_ = 0;  // of what no line was made of yet
};

/// Writes all of it to standard output, for answers that are there at once.
/// Nothing happens if nobody reads any more; other errors are thrown as `failure`.
void print(std::string_view text);

/// If one of the descriptors 0 to 2 is closed, a file of a bus must not take its place.
void occupy_standard_descriptors() noexcept;

}  // namespace shmbus::command
