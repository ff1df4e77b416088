// Floor: rings in shared memory, polled, or with a futex when they are empty.
#include "peers/blocking.hpp"
#include "peers/shared_ring.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <memory>

namespace {

void futex(std::atomic<std::uint32_t>& word, int what, std::uint32_t value)
{
  ::syscall(SYS_futex, &word, what, value, nullptr, nullptr, 0);
}

struct raw_ring {
  struct sender {
    sender(const peers::options& o, const char* channel) : yield_(o.yield || o.sleep)
    {
      for (int r = 0; r != o.receivers; ++r)
        rings_.push_back(std::make_unique<peers::shared_ring>(
            peers::shared_ring::path(o, channel, o.id, r), o.size, true));
    }
    template <class Fill>
    void send(std::size_t size, Fill fill)
    {
      for (auto& ring : rings_) {
        while (!ring->has_room())
          if (yield_) peers::yield_processor();
        fill(std::span(ring->slot(), size));
        ring->publish();
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (ring->asleep().load(std::memory_order_relaxed) == 0) continue;
        ring->asleep().store(0, std::memory_order_relaxed);
        futex(ring->asleep(), FUTEX_WAKE, INT_MAX);
      }
    }
    bool yield_;
    std::vector<std::unique_ptr<peers::shared_ring>> rings_;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : size_(o.size), sleep_(o.sleep), yield_(o.yield)
    {
      for (int s = 0; s != o.senders; ++s)
        rings_.push_back(std::make_unique<peers::shared_ring>(
            peers::shared_ring::path(o, channel, s, o.id), o.size, true));
    }
    template <class See>
    void receive(See see)
    {
      while (true) {
        for (auto& ring : rings_) {
          if (!ring->has_message()) continue;
          see(peers::bytes(ring->slot(), size_));
          ring->release();
          return;
        }
        if (sleep_ && rings_.size() == 1) {
          auto& ring = *rings_.front();
          ring.asleep().store(1, std::memory_order_seq_cst);
          if (!ring.has_message()) futex(ring.asleep(), FUTEX_WAIT, 1);
        } else if (yield_ || sleep_) {
          peers::yield_processor();
        }
      }
    }
    std::size_t size_;
    bool sleep_;
    bool yield_;
    std::vector<std::unique_ptr<peers::shared_ring>> rings_;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<raw_ring>(argc, argv); }
