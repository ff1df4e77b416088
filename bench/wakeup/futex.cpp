#include "support/child.hpp"
#include "support/scratch.hpp"
#include "wakeup/contender.hpp"
#include "wakeup/futex_words.hpp"

namespace bench {
namespace {

void ping(const contender& self, int back_cpu, lap_timer& laps)
{
  shared_object<futex_words> shared;
  child other(back_arguments(self, back_cpu, {shared.descriptor()}));
  for (std::uint32_t n = 1; laps.next(); ++n) {
    send(shared->there, n);
    take(shared->back, n - 1);
  }
  send(shared->there, last_word);
  other.wait();
}

int back(const std::vector<std::string>& arguments)
{
  shared_object<futex_words> shared(std::stoi(arguments.at(0)));
  for (std::uint32_t n = 0; (n = take(shared->there, n)) != last_word;) send(shared->back, n);
  return 0;
}

}  // namespace

const contender bare_futex{"floor: bare futex", ping, back};

}  // namespace bench
