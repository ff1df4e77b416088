#include "model/choices.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>

namespace model {

void choices::begin_exhaustive(const bounds& b)
{
  if (mode_ != mode::exhaustive) row_.clear();
  mode_ = mode::exhaustive;
  bounds_ = left_ = b;
  at_ = 0;
  over_ = false;
}

void choices::begin_random(const bounds& b, std::uint64_t seed)
{
  mode_ = mode::random;
  bounds_ = left_ = b;
  left_.deviations = bounds_.deviations = INT_MAX;
  row_.clear();
  at_ = 0;
  over_ = false;
  state_ = seed * 0x9e37'79b9'7f4a'7c15u + 1;
  for (int i = 0; i != 4; ++i) random();
  // Some executions are interrupted all the time, some once or twice.
  static constexpr std::uint64_t often[] = {2, 4, 8, 16, 32, 64, 128};
  interrupt_one_in_ = often[random() % 7];
  value_one_in_ = often[random() % 7];
  kill_options_ = std::max<std::uint64_t>(std::max(kill_options_now_, kill_options_ * 7 / 8), 4);
  kill_one_in_ = kill_options_;
  kill_options_now_ = 0;
}

void choices::repeat()
{
  row_.resize(at_);
  mode_ = mode::repeated;
  left_ = bounds_;
  at_ = 0;
  over_ = false;
}

bool choices::more()
{
  row_.resize(at_);
  while (!row_.empty() && row_.back().taken + 1 == row_.back().of) row_.pop_back();
  if (row_.empty()) return false;
  ++row_.back().taken;
  return true;
}

std::uint64_t choices::random() noexcept
{
  state_ ^= state_ << 13;
  state_ ^= state_ >> 7;
  state_ ^= state_ << 17;
  return state_ * 0x2545'f491'4f6c'dd1du >> 16;
}

std::size_t choices::pick(std::size_t n, std::size_t at_random)
{
  if (at_ < row_.size()) {
    const choice& c = row_[at_++];
    if (c.of != n) {
      std::fprintf(stderr, "an execution does not repeat itself: %zu options instead of %d\n", n,
                   c.of);
      std::abort();
    }
    return c.taken;
  }
  const std::size_t taken = mode_ == mode::random ? at_random : 0;
  row_.push_back({static_cast<std::uint16_t>(taken), static_cast<std::uint16_t>(n)});
  ++at_;
  return taken;
}

std::size_t choices::choose_value(std::size_t n)
{
  if (n == 1 || !may_deviate()) return 0;
  std::size_t guess = 0;
  if (mode_ == mode::random && one_in(value_one_in_)) guess = 1 + random() % (n - 1);
  const std::size_t taken = pick(n, guess);
  if (taken != 0) --left_.deviations;
  return taken;
}

std::size_t choices::choose(const option* options, std::size_t n)
{
  if (n == 1 || over_) return 0;
  std::size_t guess = 0;
  if (mode_ == mode::random) {
    if (options[0].what == kind::next && options[n - 1].what == kind::next) {
      guess = random() % n;
    } else {
      std::size_t begin = 0;
      for (kind k : {kind::next, kind::interrupt, kind::kill, kind::stop}) {
        std::size_t end = begin;
        while (end != n && options[end].what == k) ++end;
        if (k == kind::kill && end != begin) ++kill_options_now_;
        const bool wanted = end != begin && (k == kind::next        ? false
                                             : k == kind::interrupt ? one_in(interrupt_one_in_)
                                                                    : one_in(kill_one_in_));
        if (wanted) {
          guess = begin + random() % (end - begin);
          break;
        }
        if (k == kind::next && end - begin > 1) guess = begin + random() % (end - begin);
        begin = end;
      }
    }
  }
  const std::size_t taken = pick(n, guess);
  switch (options[taken].what) {
    case kind::interrupt: --left_.deviations; break;
    case kind::kill: --left_.kills; break;
    case kind::stop: --left_.stops; break;
    case kind::value:
    case kind::next: break;
  }
  return taken;
}

}  // namespace model
