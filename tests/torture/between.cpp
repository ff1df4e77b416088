#include "torture/arena.hpp"
#include "torture/child.hpp"
#include "torture/crash_point.hpp"
#include "torture/modes.hpp"
#include "torture/scene.hpp"

#include <signal.h>

#include <cstdio>

namespace torture {

using namespace shmbus;

void scene::reach_stage(std::uint32_t n) { shared_arena().ready = n; }

bool scene::wait_for_stage(std::uint32_t n)
{
  const std::uint64_t began = now_ns();
  while (shared_arena().ready < n && now_ns() - began < 5'000'000'000) sleep_us(20);
  return shared_arena().ready >= n;
}

void receipts::try_often(sync::subscriber& sub, int times)
{
  std::error_code ec;
  for (int i = 0; i != times; ++i)
    if (const auto m = sub.try_receive(ec)) enter(*m, sub);
  if (ec) wrong += ec.message() + "\n";
}

void receipts::take_all(sync::subscriber& sub)
{
  std::error_code ec;
  while (const auto m = sub.try_receive(ec)) enter(*m, sub);
  if (ec) wrong += ec.message() + "\n";
}

namespace {

enum class ending { goes_on, is_killed };

// Whether it came to its `n`-th step.
bool play(const named_scene& named, std::uint32_t n, ending e, checks& c)
{
  auto& arena = shared_arena();
  arena.stop = false;
  arena.ready = 0;
  for (auto& f : arena.of) f.published = f.received = f.lost = f.refused = 0;
  const auto s = named.make();
  arm_stop(n);
  child one([&] { return s->act(); });
  s->begin();
  std::string how;
  const child::state there = one.wait_for_stop(0.3, how);
  s->meanwhile();
  const bool killed = there == child::state::stopped && e == ending::is_killed;
  disarm();
  if (killed)
    how = one.kill();
  else if (there != child::state::ended)
    one.signal(SIGCONT);
  s->resumed(killed);
  if (!killed && there != child::state::ended) how = one.wait_for(10);
  s->after(killed);
  const std::string wrong = (how.empty() ? "" : "it ended with " + how + "\n") + s->wrong();
  if (!wrong.empty())
    c.expect(false, named.name + ", step " + std::to_string(n) + ": " +
                        (killed ? "killed" : "stopped") + " before " +
                        (there == child::state::stopped ? where_it_stopped() : "no step") + "\n" +
                        wrong);
  return there == child::state::stopped;
}

}  // namespace

int between_mode(const arguments& a)
{
  checks c;
  std::uint64_t stops = 0;
  for (const auto scenes : {opening_scenes, message_scenes, room_scenes, death_scenes}) {
    for (const named_scene& s : scenes()) {
      if (a.word(0) != "" && s.name.find(a.word(0)) == std::string::npos) continue;
      const std::uint64_t began = now_ns();
      std::uint32_t n = 1;
      while (c.failures() < 10 && play(s, n, ending::goes_on, c) &&
             play(s, n, ending::is_killed, c))
        ++n;
      stops += n - 1;
      std::printf("%-55s %3u steps, %4.1f s\n", s.name.c_str(), n - 1,
                  static_cast<double>(now_ns() - began) / 1e9);
      if (c.failures() >= 10) break;
    }
  }
  std::printf("%lu times one was stopped between two steps, and as often killed there\n", stops);
  return c.failures();
}

}  // namespace torture
