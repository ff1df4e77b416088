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
    std::uint32_t line;
    std::uint32_t column;
    std::atomic<std::uint32_t> hits;
  };
  std::atomic<std::size_t> armed;  // index + 1
  std::atomic<std::uint32_t> countdown;
  std::atomic<bool> writing;
  std::atomic<std::size_t> count;
  std::array<point, 512> points;
};

bool is_victim = false;

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
    t.points[i].file = where.file_name();
    t.count = i + 1;
  }
  t.writing = false;
  return i;
}

}  // namespace

void become_victim() { is_victim = true; }

void arm(std::size_t index, std::uint32_t occurrence)
{
  table().countdown = occurrence;
  table().armed = index + 1;
}

void disarm() { table().armed = 0; }

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
  if (const auto lib = file.find("lib/"); lib != std::string::npos) file.erase(0, lib);
  return file + ":" + std::to_string(p.line);
}

std::size_t places() { return table().count; }

}  // namespace torture

namespace shmbus::core {

void crash_point(const std::source_location& where) noexcept
{
  using namespace torture;
  if (!is_victim) return;
  const std::size_t i = find(where);
  point_table& t = table();
  t.points[i].hits.fetch_add(1);
  if (t.armed == i + 1 && t.countdown.fetch_sub(1) == 1) ::kill(::getpid(), SIGKILL);
}

}  // namespace shmbus::core
