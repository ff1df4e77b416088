#pragma once

#include "model/choices.hpp"
#include "model/memory.hpp"

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <functional>

/// Runs processes and their threads as fibers of one thread, in an order of its choice.
namespace model {

using memory::carried;

inline constexpr std::size_t most_processes = 8;

/// In the order of their creation; 0 is who sets the stage before and looks at the end.
using process_id = int;

process_id new_process(const char* name, bool may_die);
/// A thread of a process; it begins when the exploration does, or, started by a fiber, at once.
void spawn(process_id p, std::function<void()> run);

/// Who the code that runs belongs to.
process_id current_process() noexcept;
int current_fiber() noexcept;
bool alive(process_id p) noexcept;
const char* name_of(process_id p) noexcept;
std::size_t processes() noexcept;

/// The setting of the stage and the looking at the end happen in the name of a process.
class acting_as {
public:
  explicit acting_as(process_id p) noexcept;
  ~acting_as();
  acting_as(const acting_as&) = delete;
  acting_as& operator=(const acting_as&) = delete;

private:
  process_id before_;
};

/// Whether fibers run: else accesses are no steps.
bool exploring() noexcept;

/// Before each step of a fiber that others can notice: somebody else may go on, or a process end.
void step(bool writes);
/// Which of `n` values a load sees; 0 is the newest.
std::size_t choose_value(std::size_t n);

/// Waits until wake() is called for `what`, or until the time; false if it passed.
bool block(const void* what, std::uint64_t until_ns);
inline constexpr std::uint64_t never = ~std::uint64_t{0};
void wake(const void* what) noexcept;
/// Lets the others go on until one of them has written something.
void yield();

std::uint64_t now_ns() noexcept;
void pass_time(std::uint64_t ns) noexcept;

/// A mutex, between the threads of a process.
void lock_mutex(const void* m);
void unlock_mutex(const void* m);
/// What read-modify-writes of an atomic do that is not the model's.
void synchronize(const void* where);
/// Whether the calling process has more than one.
bool has_threads() noexcept;

/// What all fibers of a process know goes along with something.
void give_of_process(process_id p, carried& c) noexcept;
/// A full barrier in all fibers of the calling process.
void barrier_on_process();

/// Calls back when a process was killed, with the fiber that ran last in it.
void on_kill(std::function<void(process_id)> call);
/// Kills it, from outside.
void kill(process_id p);
/// The calling one.
[[noreturn]] void kill_myself();

/// Something is not as it has to be: ends the execution.
[[noreturn, gnu::format(printf, 1, 2)]] void violation(const char* format, ...);
/// A line of the way to a violation.
[[gnu::format(printf, 1, 2)]] void trace(const char* format, ...);
bool tracing() noexcept;

/// A scenario: sets the stage (processes and fibers), and looks at what came of it.
struct play {
  std::function<void()> set_stage;
  std::function<void()> next_act;  // when no fiber can go on: starts others, for an ending in order
  std::function<void()> look;      // when no fiber can go on again
};

struct result {
  std::uint64_t executions = 0;
  bool complete = false;  // all with `effort::deviations`
  std::size_t steps = 0;  // of the longest execution
  std::size_t words = 0;
  const char* violation = nullptr;
};

/// Explores; prints the way to a violation if there is one.
result explore(const play& p, bounds b, const effort& e, std::uint64_t seed);

}  // namespace model
