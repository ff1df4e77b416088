// The main job: one process publishes what /proc says about this machine, two others receive it.
//
//   build/examples/host_demo --seconds 5
//
// Ends with exit status 0 only if every message arrived at both. publish.cpp and watch.cpp are the
// programs to learn from; drive.cpp only starts them, as processes of their own.
#include "demo.hpp"

#include <sys/prctl.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

namespace {

// 0 if it is not a number from 1 to 999999.
int parse_seconds(std::string_view text)
{
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, ec] = std::from_chars(text.data(), end, value);
  return ec == std::errc{} && stopped == end && value > 0 && value < 1000000 ? value : 0;
}

int run(const std::vector<std::string>& arguments)
{
  using std::chrono::seconds;
  const auto is = [&](std::size_t n, std::string_view name) {
    return arguments.size() == n && arguments[0] == name;
  };
  // What drive() starts. If this process dies, so shall they.
  if (is(3, "publish") || is(4, "watch")) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (is(3, "publish")) return demo::publish(arguments[1], seconds(parse_seconds(arguments[2])));
  if (is(4, "watch")) return demo::watch(arguments[1], arguments[2], arguments[3][0] - '0');

  if (arguments.empty()) return demo::drive(seconds(5));
  if (const int n = is(2, "--seconds") ? parse_seconds(arguments[1]) : 0; n != 0)
    return demo::drive(seconds(n));
  const bool help = is(1, "--help") || is(1, "-h");
  std::fputs(
      "usage: host_demo [--seconds N]\n\nPublishes this machine's figures for N seconds "
      "(default 5) and receives them in two other\nprocesses.\n",
      help ? stdout : stderr);
  return help ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv)
try {
  return run({argv + 1, argv + argc});
} catch (const std::exception& e) {
  std::fprintf(stderr, "host_demo: %s\n", e.what());
  return 1;
}
