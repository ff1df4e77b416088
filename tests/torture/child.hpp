#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace torture {

/// A forked process that runs a function and exits with what it returns; 3 if it threw.
class child {
public:
  child() = default;
  explicit child(const std::function<int()>& f);
  child(child&& other) noexcept;
  child& operator=(child&& other) noexcept;
  ~child() { kill(); }

  ::pid_t pid() const { return pid_; }
  bool running() const { return pid_ != 0; }
  void signal(int number) const;

  enum class state { runs, stopped, ended };
  /// What it does, without waiting; `how` as from wait().
  state look(std::string& how);
  /// Until it stops or ends, or a time is over.
  state wait_for_stop(double seconds, std::string& how);

  /// Kills it; what came of it: empty, or how it had ended by itself.
  std::string kill();
  /// Waits for its end: empty if it exited with 0, else how it ended.
  std::string wait();
  /// The same within a time, after which it is killed. One that stops is made to go on.
  std::string wait_for(double seconds);
  /// Whether it has ended by itself; `how` as from wait().
  bool ended(std::string& how);

private:
  static std::string text(int status);

  ::pid_t pid_ = 0;
};

void sleep_us(std::uint64_t us);

/// This process is killed after that time, wherever it is then.
void light_fuse(std::uint64_t us);

}  // namespace torture
