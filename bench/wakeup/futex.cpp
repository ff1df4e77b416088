#include "support/child.hpp"
#include "support/scratch.hpp"
#include "wakeup/contender.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace bench {
namespace {

constexpr std::uint32_t end = ~std::uint32_t{0};

struct words {
  alignas(64) std::atomic<std::uint32_t> there;
  alignas(64) std::atomic<std::uint32_t> back;
};

void send(std::atomic<std::uint32_t>& word, std::uint32_t value)
{
  word.store(value);
  ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

// Sleeps while the word is `old`; what it is then.
std::uint32_t take(std::atomic<std::uint32_t>& word, std::uint32_t old)
{
  while (word.load() == old) ::syscall(SYS_futex, &word, FUTEX_WAIT, old, nullptr, nullptr, 0);
  return word.load();
}

void ping(const contender& self, int back_cpu, lap_timer& laps)
{
  shared_object<words> shared;
  child other(back_arguments(self, back_cpu, {shared.descriptor()}));
  for (std::uint32_t n = 1; laps.next(); ++n) {
    send(shared->there, n);
    take(shared->back, n - 1);
  }
  send(shared->there, end);
  other.wait();
}

int back(const std::vector<std::string>& arguments)
{
  shared_object<words> shared(std::stoi(arguments.at(0)));
  for (std::uint32_t n = 0; (n = take(shared->there, n)) != end;) send(shared->back, n);
  return 0;
}

}  // namespace

const contender bare_futex{"floor: bare futex", ping, back};

}  // namespace bench
