#include "model/event_loop.hpp"

#include "model/explorer.hpp"
#include "model/memory.hpp"

#include <algorithm>
#include <cstdlib>

namespace model {
namespace {

std::vector<std::unique_ptr<waitable>>* descriptors = nullptr;
constexpr int first_descriptor = 2'000'000;

}  // namespace

void begin_descriptors() { descriptors = new std::vector<std::unique_ptr<waitable>>; }

int new_descriptor(const std::uint32_t* word)
{
  auto made = std::make_unique<waitable>();
  made->word = word;
  made->deaths.sleeps_on = word;
  kernel::add(made->deaths);
  descriptors->push_back(std::move(made));
  return first_descriptor + static_cast<int>(descriptors->size() - 1);
}

waitable& waitable_of(int descriptor)
{
  return *(*descriptors)[static_cast<std::size_t>(descriptor - first_descriptor)];
}

bool waitable::ready() const noexcept
{
  return deaths.rung != 0 || (expected && memory::newest(word, sizeof(*word)) != *expected);
}

bool event_loop::waiting::ready() const noexcept
{
  return timer ? now_ns() >= until : waitable_of(descriptor).ready();
}

std::uint64_t event_loop::at(std::chrono::nanoseconds after) noexcept
{
  return now_ns() + static_cast<std::uint64_t>(after.count());
}

void event_loop::add(handler h)
{
  const std::lock_guard guard(mutex_);
  posted_.push_back({std::move(h), {}});
  look_again();
}

void event_loop::add(waiting w)
{
  const std::lock_guard guard(mutex_);
  look_again();
  waiting_.push_back(std::move(w));
}

template <class Which>
void event_loop::cancel(Which which)
{
  const std::lock_guard guard(mutex_);
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (!which(*i)) {
      ++i;
      continue;
    }
    posted_.push_back({std::move(i->done), std::make_error_code(std::errc::operation_canceled)});
    look_again();
    i = waiting_.erase(i);
  }
}

void event_loop::cancel_wait(int descriptor)
{
  cancel([descriptor](const waiting& w) { return !w.timer && w.descriptor == descriptor; });
}

void event_loop::cancel_timer(const void* timer)
{
  cancel([timer](const waiting& w) { return w.timer == timer; });
}

bool event_loop::running_here() const noexcept
{
  return std::ranges::find(threads_, current_fiber()) != threads_.end();
}

void event_loop::run()
{
  threads_.push_back(current_fiber());
  while (true) {
    posted next;
    {
      const std::lock_guard guard(mutex_);
      take_ready();
      if (posted_.empty()) {
        if (waiting_.empty() && busy_ == 0) break;
      } else {
        next = std::move(posted_.front());
        posted_.pop_front();
        ++busy_;
      }
    }
    if (!next.done) {
      sleep();
      continue;
    }
    next.done(next.with);
    next = {};
    const std::lock_guard guard(mutex_);
    --busy_;
    look_again();  // the others end with the last one
  }
  std::erase(threads_, current_fiber());
}

void event_loop::take_ready()
{
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (!i->ready()) {
      ++i;
      continue;
    }
    posted_.push_back({std::move(i->done), {}});
    i = waiting_.erase(i);
  }
}

// As epoll does: what became ready since the last look is seen, and nothing comes between that and
// the sleep.
void event_loop::sleep()
{
  step(false);
  if (!posted_.empty() || (waiting_.empty() && busy_ == 0)) return;
  const void* what = this;
  std::uint64_t until = never;
  for (const waiting& w : waiting_) {
    if (w.ready()) return;
    if (w.timer)
      until = std::min(until, w.until);
    else
      what = waitable_of(w.descriptor).word;
  }
  block(what, until);
}

// Those who sleep, on whatever.
void event_loop::look_again() noexcept
{
  wake(this);
  for (const waiting& w : waiting_)
    if (!w.timer) wake(waitable_of(w.descriptor).word);
}

}  // namespace model
