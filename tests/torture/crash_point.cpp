#include "torture/crash_point.hpp"

#include "core/shared_word.hpp"
#include "torture/arena.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <source_location>

namespace torture {
namespace {

// Shared by the driver and the victims.
struct point_table {
  struct point {
    std::atomic<const char*> file;  // the same address in all, who are forks of the driver
    const char* function;
    std::uint32_t line;
    std::uint32_t column;
    std::atomic<std::uint32_t> hits;
  };
  std::atomic<std::size_t> armed;  // index + 1
  std::atomic<std::uint32_t> countdown;
  std::atomic<std::uint32_t> steps_made;
  std::atomic<std::uint32_t> stop_before;  // 0: nowhere
  std::atomic<std::size_t> stopped_at;
  std::atomic<bool> writing;
  std::atomic<std::size_t> count;
  std::array<point, 512> points;
};

std::atomic<bool> writes_count{false};
std::atomic<bool> calls_count{false};

point_table& table()
{
  static point_table& t = make_shared_by_children<point_table>();
  return t;
}

std::size_t find(const std::source_location& where)
{
  point_table& t = table();
  const auto is_it = [&](const point_table::point& p) {
    return p.line == where.line() && p.column == where.column() &&
           std::strcmp(p.file, where.file_name()) == 0;
  };
  std::size_t i = 0;
  for (std::size_t n = t.count; i != n; ++i)
    if (is_it(t.points[i])) return i;
  while (t.writing.exchange(true)) {
  }
  for (std::size_t n = t.count; i != n; ++i)
    if (is_it(t.points[i])) break;
  if (i == t.count) {
    if (i == t.points.size()) std::abort();
    t.points[i].line = where.line();
    t.points[i].column = where.column();
    t.points[i].function = where.function_name();
    t.points[i].file = where.file_name();
    t.count = i + 1;
  }
  t.writing = false;
  return i;
}

// Before each step of a victim.
void step(const std::source_location& where)
{
  const std::size_t i = find(where);
  point_table& t = table();
  t.points[i].hits.fetch_add(1);
  if (t.armed == i + 1 && t.countdown.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
  if (t.steps_made.fetch_add(1) + 1 == t.stop_before) {
    t.stopped_at = i;
    ::raise(SIGSTOP);
  }
}

}  // namespace

void become_victim(steps s)
{
  writes_count = true;
  calls_count = s == steps::writes_and_calls;
}

void be_victim_no_more() { writes_count = calls_count = false; }

void arm(std::size_t index, std::uint32_t occurrence)
{
  table().countdown = occurrence;
  table().armed = index + 1;
}

void arm_stop(std::uint32_t n)
{
  table().steps_made = 0;
  table().stop_before = n;
}

void disarm()
{
  table().armed = 0;
  table().stop_before = 0;
}

std::string where_it_stopped() { return name_of(table().stopped_at); }

std::vector<crash_point> take_hits()
{
  point_table& t = table();
  std::vector<crash_point> all;
  for (std::size_t i = 0; i != t.count; ++i)
    if (const std::uint32_t hits = t.points[i].hits.exchange(0)) all.push_back({i, hits});
  return all;
}

std::string name_of(std::size_t index)
{
  const auto& p = table().points[index];
  std::string file = p.file.load();
  const auto lib = file.find("lib/");
  if (lib == std::string::npos) return p.function;  // of the C library
  return file.substr(lib) + ":" + std::to_string(p.line);
}

std::size_t places() { return table().count; }

void call_point(const std::source_location& where)
{
  if (calls_count) step(where);
}

}  // namespace torture

void shmbus::core::crash_point(const std::source_location& where) noexcept
{
  if (torture::writes_count) torture::step(where);
}
