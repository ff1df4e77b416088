#include "shm/file.hpp"
#include "shm/futex.hpp"
#include "wake/wakeup.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <new>
#include <optional>
#include <thread>

namespace shmbus::wake {
namespace {

class thread_wakeup final : public wakeup {
public:
  explicit thread_wakeup(watched w) noexcept : watched_(w) {}

  ~thread_wakeup() override
  {
    stop_.store(true, std::memory_order_release);
    // It may sleep on the word: wake all who do, again and again until it has seen `stop_`. The
    // others look and sleep again.
    while (thread_.joinable() && !stopped_.load(std::memory_order_acquire)) {
      shm::futex_wake_all(watched_.word);
      std::this_thread::yield();
    }
    if (thread_.joinable()) thread_.join();
  }

  void open(std::error_code& ec)
  {
    event_ = shm::file(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    both_ = shm::file(::epoll_create1(EPOLL_CLOEXEC));
    if (!event_ || !both_ || !add(event_.descriptor()) ||
        (watched_.alarm >= 0 && !add(watched_.alarm))) {
      ec = shm::last_error();
      return;
    }
    // The application's signals are for its own threads.
    ::sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread_ = std::thread([this, seen = load_word()] { run(seen); });
    } catch (const std::system_error& e) {
      ec = e.code();
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void abandon() noexcept override
  {
    event_.close();
    both_.close();
    // There is no such thread here; to join or detach it would touch what it left behind.
    ::new (static_cast<void*>(&thread_)) std::thread;
  }

  int descriptor() const noexcept override { return both_.descriptor(); }
  const char* name() const noexcept override { return "thread"; }

  void watch(std::uint32_t expected, std::error_code& ec) noexcept override
  {
    ec.clear();
    // The thread follows the word all the time; only what changed before we looked is ours to tell.
    if (load_word() != expected) signal();
  }

  bool drain() noexcept override
  {
    // Mostly it was the word. The alarm stays readable, so it can wait for the next time, or for
    // its turn where the word never rests.
    if (take_signals() && ++drained_ % 16 != 0) return false;
    ::epoll_event events[2];
    bool alarm = false;
    const int count = ::epoll_wait(both_.descriptor(), events, 2, 0);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == event_.descriptor())
        take_signals();
      else
        alarm = true;
    }
    return alarm;
  }

private:
  bool add(int descriptor) noexcept
  {
    ::epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = descriptor;
    return ::epoll_ctl(both_.descriptor(), EPOLL_CTL_ADD, descriptor, &e) == 0;
  }

  std::uint32_t load_word() const noexcept
  {
    return std::atomic_ref(*const_cast<std::uint32_t*>(watched_.word)).load();
  }

  void signal() noexcept
  {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(event_.descriptor(), &one, sizeof one);
  }

  bool take_signals() noexcept
  {
    std::uint64_t signals;
    return ::read(event_.descriptor(), &signals, sizeof signals) == sizeof signals;
  }

  // Nobody rings while nobody waits, so following the word costs nothing then; and who waits need not
  // wake the thread first.
  void run(std::uint32_t seen)
  {
    ::pthread_setname_np(::pthread_self(), "shmbus-wake");
    while (!stop_.load(std::memory_order_acquire)) {
      const std::uint32_t now = load_word();
      if (now != seen) signal();
      seen = now;
      shm::futex_wait(watched_.word, seen, std::nullopt);
    }
    stopped_.store(true, std::memory_order_release);
  }

  watched watched_;
  shm::file event_;
  shm::file both_;  // epoll: the event and the alarm
  std::uint32_t drained_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<wakeup> make_thread_wakeup(watched w, std::error_code& ec)
{
  ec.clear();
  auto made = std::make_unique<thread_wakeup>(w);
  made->open(ec);
  if (ec) return nullptr;
  return made;
}

}  // namespace shmbus::wake
