#pragma once

#include "peers/role.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

namespace peers {

/// What one writes for the purpose, without a library: a ring between one sender and one receiver,
/// with the payload in its slots. The floor of all that sends messages through shared memory.
class shared_ring {
public:
  static std::string path(const options& o, const char* channel, int sender, int receiver)
  {
    return o.directory + "/" + channel + "." + std::to_string(sender) + "." +
           std::to_string(receiver);
  }

  shared_ring(const std::string& path, std::size_t message, bool make)
      : stride_((message + 2 * 64 - 1) / 64 * 64), slots_(stride_ > 65536 ? 16 : 256)
  {
    const std::size_t size = sizeof(head) + stride_ * slots_;
    int fd = -1;
    for (int i = 0; i != 5000 && fd < 0; ++i) {
      fd = ::open(path.c_str(), O_RDWR | (make ? O_CREAT : 0), 0600);
      if (fd < 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    struct stat s {};
    if (make && ::ftruncate(fd, static_cast<::off_t>(size)) != 0) throw std::runtime_error(path);
    for (int i = 0; i != 5000 && ::fstat(fd, &s) == 0 && s.st_size == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (p == MAP_FAILED) throw std::runtime_error(path);
    head_ = static_cast<head*>(p);
    first_ = static_cast<std::byte*>(p) + sizeof(head);
  }

  bool has_room() noexcept
  {
    if (position_ - taken_ < slots_) return true;
    taken_ = head_->taken.load(std::memory_order_acquire);
    return position_ - taken_ < slots_;
  }
  std::byte* slot() noexcept { return first_ + stride_ * (position_ % slots_) + 64; }
  void publish() noexcept { sequence().store(++position_, std::memory_order_release); }

  bool has_message() noexcept
  {
    return sequence().load(std::memory_order_acquire) == position_ + 1;
  }
  void release() noexcept { head_->taken.store(++position_, std::memory_order_release); }

  /// Whoever waits sets it before a last look; the other side takes it back and wakes.
  std::atomic<std::uint32_t>& asleep() noexcept { return head_->asleep; }
  std::atomic<std::uint32_t>& sender_asleep() noexcept { return head_->sender_asleep; }

private:
  struct head {
    alignas(64) std::atomic<std::uint64_t> taken;
    alignas(64) std::atomic<std::uint32_t> asleep;
    alignas(64) std::atomic<std::uint32_t> sender_asleep;
  };
  // On the payload's own line where that is small enough to be worth it: one line per message then.
  std::atomic<std::uint64_t>& sequence() noexcept
  {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(first_ + stride_ * (position_ % slots_));
  }

  std::size_t stride_;
  std::size_t slots_;
  head* head_;
  std::byte* first_;
  std::uint64_t position_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace peers
