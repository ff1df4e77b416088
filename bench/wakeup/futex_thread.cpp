#include "support/child.hpp"
#include "support/rethrow.hpp"
#include "support/scratch.hpp"
#include "wakeup/contender.hpp"
#include "wakeup/futex_words.hpp"

#include <asio.hpp>
#include <sys/eventfd.h>

#include <stdexcept>
#include <thread>

// What an event loop needs at least to be woken by another process's futex where the kernel can't await
// one for it: a thread that sleeps on the word and writes to an eventfd.
namespace bench {
namespace {

class follower {
public:
  explicit follower(std::atomic<std::uint32_t>& word) : word_(word) {}
  ~follower() { thread_.join(); }

  int descriptor() const { return event_; }

private:
  void run()
  {
    for (std::uint32_t n = 0; n != last_word;) {
      n = take(word_, n);
      const std::uint64_t one = 1;
      if (::write(event_, &one, sizeof one) != sizeof one) return;
    }
  }

  std::atomic<std::uint32_t>& word_;
  const int event_ = ::eventfd(0, EFD_NONBLOCK);
  std::thread thread_{[this] { run(); }};
};

asio::awaitable<void> readable(asio::posix::stream_descriptor& in)
{
  co_await in.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
  std::uint64_t count = 0;
  if (::read(in.native_handle(), &count, sizeof count) != sizeof count)
    throw std::runtime_error("read");
}

asio::awaitable<void> ping_coroutine(futex_words& words, asio::posix::stream_descriptor& in,
                                     lap_timer& laps)
{
  for (std::uint32_t n = 1; laps.next(); ++n) {
    send(words.there, n);
    while (words.back.load() != n) co_await readable(in);
  }
  send(words.there, last_word);
}

asio::awaitable<void> back_coroutine(futex_words& words, asio::posix::stream_descriptor& in)
{
  for (std::uint32_t n = 0; n != last_word;) {
    while (words.there.load() == n) co_await readable(in);
    n = words.there.load();
    send(words.back, n);
  }
}

void ping(const contender& self, int back_cpu, lap_timer& laps)
{
  shared_object<futex_words> shared;
  child other(back_arguments(self, back_cpu, {shared.descriptor()}));
  asio::io_context io{1};
  follower f(shared->back);
  asio::posix::stream_descriptor in(io, f.descriptor());
  asio::co_spawn(io, ping_coroutine(*shared, in, laps), rethrow);
  io.run();
  other.wait();
}

int back(const std::vector<std::string>& arguments)
{
  shared_object<futex_words> shared(std::stoi(arguments.at(0)));
  asio::io_context io{1};
  follower f(shared->there);
  asio::posix::stream_descriptor in(io, f.descriptor());
  asio::co_spawn(io, back_coroutine(*shared, in), rethrow);
  io.run();
  return 0;
}

}  // namespace

const contender futex_thread{"floor: futex, thread, eventfd", ping, back};

}  // namespace bench
