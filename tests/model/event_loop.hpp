#pragma once

#include "model/kernel.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <vector>

namespace model {

/// What an event loop can wait for, by its descriptor: a word that changes, and deaths.
struct waitable {
  const std::uint32_t* word = nullptr;
  std::optional<std::uint32_t> expected;  // the word is watched until it is something else
  kernel::alarm deaths;

  bool ready() const noexcept;
};
waitable& waitable_of(int descriptor);
int new_descriptor(const std::uint32_t* word);
void begin_descriptors();

/// A loop that one or more threads of a process run. All functions may be called by any of them.
class event_loop {
public:
  template <class Handler>
  void post(Handler h)
  {
    add(handler(std::move(h)));
  }

  /// Calls `h` when the descriptor is ready; one that is told so is not awaited any more.
  template <class Handler>
  void await(int descriptor, Handler h)
  {
    add(waiting{descriptor, nullptr, 0, handler(std::move(h))});
  }
  void cancel_wait(int descriptor);

  /// Calls `h` after so much time; `timer` names it.
  template <class Handler>
  void await(const void* timer, std::chrono::nanoseconds after, Handler h)
  {
    add(waiting{-1, timer, at(after), handler(std::move(h))});
  }
  void cancel_timer(const void* timer);

  void run();
  /// Whether the caller is one of those who run it.
  bool running_here() const noexcept;

private:
  class handler {
  public:
    handler() = default;
    template <class Function>
    explicit handler(Function f) : call_(std::make_unique<call_of<Function>>(std::move(f)))
    {
    }
    void operator()(std::error_code ec) { call_->now(ec); }
    explicit operator bool() const noexcept { return call_ != nullptr; }

  private:
    struct call {
      virtual ~call() = default;
      virtual void now(std::error_code ec) = 0;
    };
    template <class Function>
    struct call_of final : call {
      explicit call_of(Function f) : function(std::move(f)) {}
      void now(std::error_code ec) override { function(ec); }
      Function function;
    };
    std::unique_ptr<call> call_;
  };

  struct waiting {
    int descriptor;
    const void* timer;
    std::uint64_t until;
    handler done;

    bool ready() const noexcept;
  };

  struct posted {
    handler done;
    std::error_code with;
  };

  static std::uint64_t at(std::chrono::nanoseconds after) noexcept;
  void add(handler h);
  void add(waiting w);
  template <class Which>
  void cancel(Which which);
  void take_ready();
  void sleep();
  void look_again() noexcept;

  mutable std::mutex mutex_;
  std::deque<posted> posted_;
  std::vector<waiting> waiting_;
  std::vector<int> threads_;
  int busy_ = 0;  // threads in a handler
};

}  // namespace model
