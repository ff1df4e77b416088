#include "support/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts)
{
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

child::child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
             bool captured)
{
  std::vector<std::string> words{child_name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = environment;
  for (char** v = environ; *v; ++v) variables.emplace_back(*v);
  int ends[2] = {-1, -1};
  ::posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  if (captured) {
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  }
  const int result = ::posix_spawn(&id_, "/proc/self/exe", &actions, nullptr,
                                   pointers(words).data(), pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (captured) ::close(ends[1]);
  output_ = ends[0];
  if (result != 0) throw std::system_error(result, std::generic_category(), "posix_spawn");
}

child::~child()
{
  if (output_ >= 0) ::close(output_);
  if (id_ <= 0) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
}

std::string child::line()
{
  std::string text;
  for (char c; ::read(output_, &c, 1) == 1 && c != '\n';) text += c;
  return text;
}

void child::wait()
{
  int status = 0;
  ::waitpid(id_, &status, 0);
  id_ = -1;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("a child failed");
}

}  // namespace bench
