// Floor: one cache line that goes to and fro. No message, no queue: ping-pong only.
#include "peers/blocking.hpp"
#include "peers/shared_ring.hpp"

namespace {

struct raw_line {
  struct end {
    end(const peers::options& o, const char* channel)
        : ring(peers::shared_ring::path(o, channel, 0, 0), 8, true)
    {
    }
    peers::shared_ring ring;
    std::uint64_t count = 0;
  };
  struct sender : end {
    using end::end;
    template <class Fill>
    void send(std::size_t, Fill fill)
    {
      std::uint64_t word;
      fill(std::as_writable_bytes(std::span(&word, 1)));
      // The number of the trip, and whether it is the last one.
      line().store(++count * 2 + (word == peers::last_word), std::memory_order_release);
    }
    std::atomic<std::uint64_t>& line()
    {
      return *reinterpret_cast<std::atomic<std::uint64_t>*>(ring.slot());
    }
  };
  struct receiver : end {
    using end::end;
    template <class See>
    void receive(See see)
    {
      auto& line = *reinterpret_cast<std::atomic<std::uint64_t>*>(ring.slot());
      std::uint64_t seen;
      while ((seen = line.load(std::memory_order_acquire)) / 2 != count + 1) {
      }
      ++count;
      const std::uint64_t word = seen % 2 ? peers::last_word : 0;
      see(std::as_bytes(std::span(&word, 1)));
    }
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<raw_line>(argc, argv); }
