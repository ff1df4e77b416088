#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace bench {

/// What a child finds as its argv[0].
inline constexpr auto child_name = "shmbus-bench-child";

/// This program once more, with other arguments, as a process of its own: spawned, not forked, so
/// that nothing that is open here is half open there.
///
/// Its descriptors without close-on-exec are the child's too.
class child {
public:
  /// `environment`: additions, "NAME=value". With `captured`, its output is for output() to read.
  explicit child(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment = {}, bool captured = false);
  /// Kills it if nobody waited for it.
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  ::pid_t id() const noexcept { return id_; }
  /// Its standard output, if it is captured.
  int output() const noexcept { return output_; }
  /// The next line of its standard output; empty at the end.
  std::string line();
  /// Waits for its end; throws if it failed.
  void wait();

private:
  ::pid_t id_ = -1;
  int output_ = -1;
};

}  // namespace bench
