#include "shm/file.hpp"
#include "wake/wakeup.hpp"

#include <liburing.h>
#include <poll.h>
#include <unistd.h>

#include <cstring>

namespace shmbus::wake {
namespace {

// Of <linux/io_uring.h> and <linux/futex.h> since Linux 6.7, for older headers.
constexpr int op_futex_wait = 51;
constexpr std::uint32_t futex2_size_u32 = 2;
constexpr std::uint64_t futex_match_any = 0xffffffff;

// One wait is in flight, and the cancellation of the one before it, and a poll of the alarm.
constexpr unsigned entries = 8;
// user_data; a wait has its ticket, of 32 bits.
constexpr std::uint64_t cancellation = std::uint64_t{1} << 32;
constexpr std::uint64_t alarm_event = std::uint64_t{2} << 32;

class uring_wakeup final : public wakeup {
public:
  explicit uring_wakeup(watched w) noexcept : watched_(w) {}
  ~uring_wakeup() override
  {
    if (is_open_) ::io_uring_queue_exit(&ring_);
  }

  bool open(std::string& why)
  {
    if (const int result = ::io_uring_queue_init(entries, &ring_, 0); result < 0) {
      why = std::string("io_uring_setup: ") + std::strerror(-result);
      return false;
    }
    is_open_ = true;
    ::io_uring_probe* probe = ::io_uring_get_probe_ring(&ring_);
    const bool can_wait = probe && ::io_uring_opcode_supported(probe, op_futex_wait);
    if (probe) ::io_uring_free_probe(probe);
    if (!can_wait) {
      why = "this kernel's io_uring has no futex wait (it came with Linux 6.7)";
      return false;
    }
    ::io_uring_ring_dontfork(&ring_);
    return true;
  }

  void abandon() noexcept override
  {
    if (is_open_) ::close(ring_.ring_fd);
    is_open_ = false;
  }

  int descriptor() const noexcept override { return ring_.ring_fd; }
  const char* name() const noexcept override { return "uring"; }

  void watch(std::uint32_t expected, std::error_code& ec) noexcept override
  {
    ec.clear();
    // Each by itself: an alarm leaves the wait for the word in place, and the other way round.
    const bool wait_again = !waiting_ || ticket_ != expected;
    const bool poll_again = !polling_ && watched_.alarm >= 0;
    const bool sent = ::io_uring_sq_ready(&ring_) == 0;  // else a try before this one failed
    if (!wait_again && !poll_again && sent) return;
    if (waiting_ && wait_again) {
      // Whoever changed the word since then wakes us, unless he died before he did.
      if (::io_uring_sqe* cancel = ::io_uring_get_sqe(&ring_)) {
        ::io_uring_prep_cancel64(cancel, ticket_, 0);
        cancel->user_data = cancellation;
      }
    }
    if (poll_again) {
      if (::io_uring_sqe* poll = ::io_uring_get_sqe(&ring_)) {
        ::io_uring_prep_poll_add(poll, watched_.alarm, POLLIN);
        poll->user_data = alarm_event;
        polling_ = true;
      }
    }
    if (wait_again && !wait_for(expected)) {
      ec = std::make_error_code(std::errc::resource_unavailable_try_again);
      return;
    }
    if (const int result = ::io_uring_submit(&ring_); result < 0)
      ec = shm::system_error(-result);
    else if (::io_uring_sq_ready(&ring_) != 0)
      ec = std::make_error_code(std::errc::resource_unavailable_try_again);
  }

  bool drain() noexcept override
  {
    bool alarm = false;
    ::io_uring_cqe* cqe = nullptr;
    while (::io_uring_peek_cqe(&ring_, &cqe) == 0) {
      // An end for any reason (changed before it slept, cancelled with the thread that asked) means
      // the same: look again.
      if (cqe->user_data == alarm_event) {
        polling_ = false;
        alarm = true;
      } else if (cqe->user_data == ticket_) {
        waiting_ = false;
      }
      ::io_uring_cqe_seen(&ring_, cqe);
    }
    return alarm;
  }

private:
  bool wait_for(std::uint32_t expected) noexcept
  {
    ::io_uring_sqe* wait = ::io_uring_get_sqe(&ring_);
    if (!wait) return false;
    std::memset(wait, 0, sizeof *wait);
    wait->opcode = op_futex_wait;
    wait->fd = static_cast<int>(futex2_size_u32);
    wait->addr = reinterpret_cast<std::uint64_t>(watched_.word);
    wait->off = expected;
    wait->addr3 = futex_match_any;
    wait->user_data = expected;
    ticket_ = expected;
    waiting_ = true;
    return true;
  }

  ::io_uring ring_{};
  watched watched_;
  bool is_open_ = false;
  bool waiting_ = false;
  bool polling_ = false;
  std::uint64_t ticket_ = 0;
};

}  // namespace

std::unique_ptr<wakeup> make_uring_wakeup(watched w, std::string& why)
{
  auto made = std::make_unique<uring_wakeup>(w);
  if (!made->open(why)) return nullptr;
  return made;
}

}  // namespace shmbus::wake
