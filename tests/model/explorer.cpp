#include "model/explorer.hpp"

#include "model/races.hpp"

#include <execinfo.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" const char __executable_start;  // the linker's

namespace model {

[[noreturn]] void leave_fiber();

namespace {

constexpr std::size_t stack_size = 512 << 10;
constexpr std::size_t most_steps = 20000;
constexpr std::uint64_t most_idle_yields = 300;

enum class state { ready, blocked, yielded, finished };

struct fiber {
  process_id process = 0;
  state now = state::finished;
  const void* waits_for = nullptr;
  std::uint64_t until = never;
  bool timed_out = false;
  std::uint64_t yielded_at = 0;
  std::uint64_t idle_yields = 0;
  bool started = false;
  std::function<void()>* run = nullptr;
  ::jmp_buf where;
  void* stack = nullptr;
};

struct process {
  const char* name = "";
  bool alive = true;
  bool may_die = false;
  bool stopped = false;
  int fibers = 0;
  bool threads = false;  // it had more than one
};

fiber fibers[most_fibers];
std::size_t fiber_count = 0;
process all[most_processes];
std::size_t process_count = 0;

int current = -1;  // fiber
process_id acting = 0;
bool running = false;
std::size_t steps = 0;
std::uint64_t writes = 0;
std::uint64_t clock_ns = 0;
choices the_choices;
std::function<void(process_id)>* killed = nullptr;

::jmp_buf stage;
char what[512];
bool violated = false;
bool trace_on = false;
kept<char> lines;

bool can_go_on(const fiber& f)
{
  const process& p = all[f.process];
  if (!p.alive || p.stopped) return false;
  return f.now == state::ready || (f.now == state::yielded && writes > f.yielded_at);
}

void enter(int f)
{
  current = f;
  fiber& next = fibers[f];
  if (next.now == state::yielded) {
    if (writes > next.yielded_at) next.idle_yields = 0;
    memory::catch_up(f);
    next.now = state::ready;
  }
  __libc_single_threaded = all[next.process].threads ? 0 : 1;
  arena::use(f + 1);
}

void body()
{
  (*fibers[current].run)();
  fibers[current].now = state::finished;
  if (tracing()) trace("ends");
  leave_fiber();
}

// Goes on with `f`; the caller has saved where it is itself.
[[noreturn]] void go_on(int f)
{
  enter(f);
  fiber& next = fibers[f];
  if (next.started) ::_longjmp(next.where, 1);
  next.started = true;
  ::ucontext_t c;
  ::getcontext(&c);
  if (!next.stack)
    next.stack = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  c.uc_stack.ss_sp = next.stack;
  c.uc_stack.ss_size = stack_size;
  c.uc_link = nullptr;
  ::makecontext(&c, body, 0);
  ::setcontext(&c);
  std::abort();
}

[[noreturn]] void end_execution(int value)
{
  current = -1;
  running = false;
  arena::use(0);
  ::_longjmp(stage, value);
}

// Somebody who can go on; if nobody can, time passes, or who was stopped goes on; -1: the end.
int next_fiber()
{
  while (true) {
    choices::option options[most_fibers];
    std::size_t n = 0;
    for (std::size_t i = 0; i != fiber_count; ++i)
      if (can_go_on(fibers[i])) options[n++] = {choices::kind::next, static_cast<int>(i)};
    if (n != 0) return options[the_choices.choose(options, n)].which;

    bool idle = false;
    for (std::size_t i = 0; i != fiber_count; ++i) {
      fiber& f = fibers[i];
      if (f.now != state::yielded || !all[f.process].alive || all[f.process].stopped) continue;
      if (++f.idle_yields > most_idle_yields)
        violation("%s waits for what nobody does", all[f.process].name);
      f.now = state::ready;
      memory::catch_up(static_cast<int>(i));
      idle = true;
    }
    if (idle) {
      clock_ns += 1'000'000;
      continue;
    }
    fiber* first = nullptr;
    for (std::size_t i = 0; i != fiber_count; ++i) {
      fiber& f = fibers[i];
      if (f.now == state::blocked && f.until != never && all[f.process].alive &&
          !all[f.process].stopped && (!first || f.until < first->until))
        first = &f;
    }
    if (first) {
      clock_ns = std::max(clock_ns, first->until);
      first->timed_out = true;
      first->now = state::ready;
      continue;
    }
    bool resumed = false;
    for (std::size_t i = 0; i != process_count; ++i) {
      resumed = resumed || all[i].stopped;
      all[i].stopped = false;
    }
    if (!resumed) return -1;
  }
}

void switch_to(int f)
{
  if (f == current) {
    enter(f);
    return;
  }
  if (current >= 0 && ::_setjmp(fibers[current].where) != 0) return;
  if (f < 0) end_execution(1);
  go_on(f);
}

// All its fibers wait: it may be killed there too.
bool sleeps(std::size_t p)
{
  for (std::size_t i = 0; i != fiber_count; ++i)
    if (fibers[i].process == static_cast<int>(p) && fibers[i].now != state::blocked &&
        fibers[i].now != state::finished)
      return false;
  return all[p].fibers != 0;
}

}  // namespace

void leave_fiber()
{
  switch_to(next_fiber());
  std::abort();
}

process_id new_process(const char* name, bool may_die)
{
  if (process_count == most_processes) std::abort();
  all[process_count] = {name, true, may_die, false, 0, false};
  return static_cast<process_id>(process_count++);
}

void spawn(process_id p, std::function<void()> run)
{
  if (fiber_count == most_fibers) std::abort();
  fiber& f = fibers[fiber_count];
  void* const stack = f.stack;
  f = {};
  f.stack = stack;
  f.process = p;
  f.now = state::ready;
  f.run = new std::function<void()>(std::move(run));
  memory::start(static_cast<int>(fiber_count), current);
  ++fiber_count;
  if (++all[p].fibers > 1) {
    all[p].threads = true;
    if (current >= 0 && fibers[current].process == p) __libc_single_threaded = 0;
  }
}

process_id current_process() noexcept { return current >= 0 ? fibers[current].process : acting; }
int current_fiber() noexcept { return current; }
bool alive(process_id p) noexcept { return all[p].alive; }
const char* name_of(process_id p) noexcept { return all[p].name; }
std::size_t processes() noexcept { return process_count; }
bool exploring() noexcept { return running && current >= 0; }
std::uint64_t now_ns() noexcept { return ++clock_ns; }
void pass_time(std::uint64_t ns) noexcept { clock_ns += ns; }

acting_as::acting_as(process_id p) noexcept : before_(acting) { acting = p; }
acting_as::~acting_as() { acting = before_; }

std::size_t choose_value(std::size_t n) { return the_choices.choose_value(n); }

void kill(process_id p)
{
  all[p].alive = false;
  if (tracing()) trace("%s is killed", all[p].name);
  if (killed) (*killed)(p);
}

void kill_myself()
{
  kill(current_process());
  switch_to(next_fiber());
  std::abort();
}

void step(bool writing)
{
  if (++steps > most_steps) violation("it does not come to an end");
  while (true) {
    const process_id me = fibers[current].process;
    choices::option options[2 * most_fibers + most_processes + 2];
    std::size_t n = 0;
    options[n++] = {choices::kind::next, current};
    if (the_choices.may_deviate())
      for (std::size_t i = 0; i != fiber_count; ++i)
        if (static_cast<int>(i) != current && can_go_on(fibers[i]))
          options[n++] = {choices::kind::interrupt, static_cast<int>(i)};
    if (the_choices.may_kill()) {
      if (writing && all[me].may_die) options[n++] = {choices::kind::kill, me};
      for (std::size_t p = 0; p != process_count; ++p)
        if (static_cast<int>(p) != me && all[p].alive && all[p].may_die && !all[p].stopped &&
            writing && sleeps(p))
          options[n++] = {choices::kind::kill, static_cast<int>(p)};
    }
    if (the_choices.may_stop() && writing && all[me].may_die)
      options[n++] = {choices::kind::stop, me};
    const auto [kind, which] = options[the_choices.choose(options, n)];
    switch (kind) {
      case choices::kind::interrupt: switch_to(which); continue;
      case choices::kind::kill:
        kill(which);
        if (which == me) switch_to(next_fiber());
        continue;
      case choices::kind::stop:
        all[me].stopped = true;
        if (tracing()) trace("%s is stopped", all[me].name);
        switch_to(next_fiber());
        continue;
      case choices::kind::value:
      case choices::kind::next: break;
    }
    break;
  }
  if (writing) ++writes;
}

bool block(const void* on, std::uint64_t until)
{
  fiber& f = fibers[current];
  f.now = state::blocked;
  f.waits_for = on;
  f.until = until;
  f.timed_out = false;
  if (tracing()) trace("sleeps");
  switch_to(next_fiber());
  if (tracing()) trace("wakes");
  return !f.timed_out;
}

void wake(const void* on) noexcept
{
  for (std::size_t i = 0; i != fiber_count; ++i)
    if (fibers[i].now == state::blocked && fibers[i].waits_for == on) fibers[i].now = state::ready;
}

void yield()
{
  fiber& f = fibers[current];
  f.now = state::yielded;
  f.yielded_at = writes;
  switch_to(next_fiber());
}

namespace {

struct mutex {
  const void* where;
  bool held;
  carried knowledge;
};
constexpr std::size_t most_mutexes = 64;
mutex mutexes[most_mutexes];
std::size_t mutex_count = 0;

mutex& mutex_at(const void* where)
{
  for (std::size_t i = 0; i != mutex_count; ++i)
    if (mutexes[i].where == where) return mutexes[i];
  if (mutex_count == most_mutexes) std::abort();
  mutex& m = mutexes[mutex_count++];
  m.where = where;
  m.held = false;
  memory::clear(m.knowledge);
  return m;
}

}  // namespace

void lock_mutex(const void* where)
{
  mutex& m = mutex_at(where);
  if (all[current_process()].threads) step(true);
  while (m.held) block(&m, never);
  m.held = true;
  memory::take(current, m.knowledge);
}

void unlock_mutex(const void* where)
{
  mutex& m = mutex_at(where);
  m.held = false;
  memory::give(current, m.knowledge);
  wake(&m);
}

void synchronize(const void* where)
{
  if (!exploring()) return;
  mutex& m = mutex_at(where);
  memory::take(current, m.knowledge);
  memory::give(current, m.knowledge);
}

bool has_threads() noexcept { return all[current_process()].threads; }

void give_of_process(process_id p, carried& c) noexcept
{
  for (std::size_t i = 0; i != fiber_count; ++i)
    if (fibers[i].process == p) memory::give(static_cast<int>(i), c);
}

void barrier_on_process()
{
  memory::fence(current, std::memory_order_seq_cst);
  for (std::size_t i = 0; i != fiber_count; ++i)
    if (fibers[i].process == fibers[current].process)
      memory::fence(static_cast<int>(i), std::memory_order_seq_cst);
  memory::fence(current, std::memory_order_seq_cst);
}

void on_kill(std::function<void(process_id)> call)
{
  killed = new std::function<void(process_id)>(std::move(call));
}

void violation(const char* format, ...)
{
  std::va_list rest;
  va_start(rest, format);
  std::vsnprintf(what, sizeof(what), format, rest);
  va_end(rest);
  violated = true;
  if (tracing()) {
    trace("VIOLATION: %s", what);
    void* frames[12];
    const int n = ::backtrace(frames, 12);
    for (int i = 1; i < n; ++i)
      trace("  at %#lx", reinterpret_cast<std::uintptr_t>(frames[i]) -
                             reinterpret_cast<std::uintptr_t>(&__executable_start));
  }
  end_execution(2);
}

bool tracing() noexcept { return trace_on; }

void trace(const char* format, ...)
{
  if (!trace_on) return;
  char line[256];
  int n = std::snprintf(
      line, sizeof(line), "  %-12s ",
      current >= 0
          ? (std::string(all[fibers[current].process].name) + "." + std::to_string(current)).c_str()
          : "(end)");
  std::va_list rest;
  va_start(rest, format);
  n += std::vsnprintf(line + n, sizeof(line) - static_cast<std::size_t>(n), format, rest);
  va_end(rest);
  n = std::min(n, static_cast<int>(sizeof(line)) - 1);
  lines.insert(lines.end(), line, line + n);
  lines.push_back('\n');
}

namespace {

void run_once(const play& p)
{
  arena::use(-1);
  arena::reset();
  arena::use(0);
  memory::begin();
  races::begin();
  fiber_count = 0;
  mutex_count = 0;
  process_count = 0;
  current = -1;
  acting = 0;
  steps = 0;
  writes = 0;
  clock_ns = 1'000'000'000'000;
  killed = nullptr;
  violated = false;
  switch (::_setjmp(stage)) {
    case 0:
      new_process("stage", false);
      p.set_stage();
      running = true;
      if (const int first = next_fiber(); first >= 0) switch_to(first);
      end_execution(1);
    case 1:
      the_choices.no_more();
      p.next_act();
      running = true;
      if (::_setjmp(stage) == 0) {
        if (const int first = next_fiber(); first >= 0) switch_to(first);
      }
      running = false;
      current = -1;
      arena::use(0);
      if (!violated) p.look();
      break;
    default: break;
  }
  running = false;
  arena::use(-1);
}

void print_way()
{
  std::size_t begin = 0;
  std::size_t count = 0;
  const std::size_t most = std::getenv("MODEL_TRACE") ? 100000 : 60;
  for (std::size_t i = lines.size(); i-- > 1;)
    if (lines[i - 1] == '\n' && ++count == most) {
      begin = i;
      break;
    }
  std::fwrite(lines.data() + begin, 1, lines.size() - begin, stdout);
}

}  // namespace

result explore(const play& p, bounds b, const effort& e, std::uint64_t seed)
{
  result r;
  memory::forget_shared();
  enum class outcome { right, wrong, again };
  const auto run = [&] {
    run_once(p);
    ++r.executions;
    r.steps = std::max(r.steps, steps);
    // Words were accessed as if nobody shared them: what was seen is not what can be.
    if (memory::learn()) return outcome::again;
    if (!violated) return outcome::right;
    static char text[512];
    std::snprintf(text, sizeof(text), "%s", what);
    r.violation = text;
    lines.clear();
    trace_on = true;
    the_choices.repeat();
    run_once(p);
    trace_on = false;
    print_way();
    return outcome::wrong;
  };
  // At random first: it finds the words that are shared, and most mistakes.
  const auto at_random = [&](std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) {
      outcome o;
      do {
        the_choices.begin_random(b, seed + i);
        o = run();
      } while (o == outcome::again);
      if (o == outcome::wrong) return false;
    }
    return true;
  };
  const std::uint64_t first = std::min<std::uint64_t>(e.random, 300);
  if (!at_random(1, 1 + first)) return r;
  bounds few = b;
  few.deviations = e.deviations;
  std::uint64_t tried = 0;
  the_choices = {};
  while (tried != e.executions) {
    the_choices.begin_exhaustive(few);
    ++tried;
    const outcome o = run();
    if (o == outcome::wrong) return r;
    if (o == outcome::again) {
      the_choices = {};  // there are more steps now: from the beginning
    } else if (!the_choices.more()) {
      r.complete = true;
      break;
    }
  }
  if (!at_random(1 + first, 1 + e.random)) return r;
  r.words = memory::shared_words();
  return r;
}

}  // namespace model
