#include "command/bench/measure.hpp"
#include "command/complete.hpp"
#include "command/failure.hpp"
#include "command/manual.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/shared_descriptor.hpp"
#include "core/utf8.hpp"
#include "support/child.hpp"

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace shmbus::command {
namespace {

constexpr auto about =
    "Publish and subscribe between the processes of this machine, through shared "
    "memory.\nThere is no server to start: a bus is made by who opens it first, "
    "and goes with the last one.";

constexpr auto notes = R"(Try it, in two terminals:
  shmbus sub '/sensors/#'
  shmbus pub /sensors/temperature 25.5

"shmbus COMMAND --help" says more. In the environment:
  SHMBUS_BUS     the bus, where --bus does not say it
  SHMBUS_DIR     the directory with the buses, where --dir does not say it
  SHMBUS_CONFIG  the configuration file, in place of the usual one (shmbus doctor names it)
  SHMBUS_LOG     what to tell on standard error: debug, info, warn (the default), error, off

Exit status: 0 done, 1 an error, 2 wrong usage, 3 timed out.)";

// What CLI11 found wrong; it overlooks that a word in the command's place is not one.
std::string problem(const CLI::App& app, const CLI::ParseError& e)
{
  const auto words = app.remaining();
  if (!app.get_subcommands().empty() || words.empty()) return e.what();
  const bool option = words.front().starts_with('-');
  return (option ? "there is no option " : "there is no command ") + core::quoted(words.front());
}

// Which help would have helped.
std::string help_command(const CLI::App& app)
{
  const auto used = app.get_subcommands();
  return used.empty() ? "shmbus --help" : "shmbus " + used.front()->get_name() + " --help";
}

// What the scripts in tools/completions and the build ask for; not for people, so not in the help.
action for_shells(CLI::App& app, std::vector<std::string> words)
{
  const std::string first = words.empty() ? "" : words.front();
  if (first == "__complete") {
    words.erase(words.begin());
    return [&app, words] { return complete(app, words); };
  }
  if (first != "__manual") return {};
  return [&app] {
    print(manual(app));
    return status_done;
  };
}

int run(int argc, char** argv)
{
  CLI::App app(about, "shmbus");
  app.footer(notes);
  app.require_subcommand(1);
  app.set_version_flag("--version", "shmbus " SHMBUS_VERSION, "Print the version");

  bus_options bus;
  action chosen;
  bus.add_place(app);
  add_pub(app, bus, chosen);
  add_sub(app, bus, chosen);
  add_record(app, bus, chosen);
  add_play(app, bus, chosen);
  add_ls(app, bus, chosen);
  add_info(app, bus, chosen);
  add_top(app, bus, chosen);
  add_hz(app, bus, chosen);
  add_metrics(app, bus, chosen);
  add_audit(app, bus, chosen);
  add_recover(app, bus, chosen);
  add_rm(app, bus, chosen);
  add_doctor(app, bus, chosen);
  add_bench(app, chosen);

  if (chosen = for_shells(app, {argv + 1, argv + argc}); chosen) {
    bus.leave_incomplete();
  } else {
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& help_or_version) {
      return app.exit(help_or_version);
    } catch (const CLI::ParseError& e) {
      complain(problem(app, e) + " (try " + help_command(app) + ")");
      return status_usage;
    }
  }

  try {
    bus.complete();
    set_log_level();
    return chosen();
  } catch (const failure& f) {
    const bool wrong_usage = f.status() == status_usage;
    complain(f.what() + (wrong_usage ? " (try " + help_command(app) + ")" : ""));
    return f.status();
  } catch (const std::system_error& e) {
    complain(explain(e, bus.text()).what());
  } catch (const std::bad_alloc&) {
    complain("this process has no memory left");
  } catch (const std::exception& e) {
    complain(e.what());
  }
  return status_error;
}

}  // namespace
}  // namespace shmbus::command

int main(int argc, char** argv)
{
  shmbus::command::occupy_standard_descriptors();
  if (argc > 1 && argv[0] == std::string_view(bench::child_name))
    return shmbus::command::bench_child({argv + 1, argv + argc});
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone shows in what write() returns
  return shmbus::command::run(argc, argv);
}
