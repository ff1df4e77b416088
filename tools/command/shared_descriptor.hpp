#pragma once

#include "shmbus/async/asio.hpp"

#include <asio/io_context.hpp>

#include <cstdint>

namespace shmbus::command {

/// Waits for a descriptor that other processes share, like standard input.
///
/// Asio makes what it waits for non-blocking, and so for a shell and its other children too. Here
/// it waits for an epoll instance of our own, which watches the descriptor.
class shared_descriptor {
public:
  /// `events` as epoll_ctl(2) has them; 0: only errors, like a pipe that lost its reader.
  shared_descriptor(asio::io_context& context, int descriptor, std::uint32_t events);

  /// Not with files: they are always ready.
  bool can_wait() const noexcept { return can_wait_; }

  /// Returns when one of the events is there; at once if it cannot wait.
  asio::awaitable<void> wait();

private:
  int watched_;
  short events_;
  asio::posix::stream_descriptor epoll_;
  bool can_wait_ = false;
};

/// If one of the descriptors 0 to 2 is closed, a file of a bus must not take its place.
void occupy_standard_descriptors() noexcept;

}  // namespace shmbus::command
