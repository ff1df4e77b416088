#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "config/load.hpp"
#include "config/variables.hpp"
#include "shmbus/system.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

const char* yes_or_no(bool b) noexcept { return b ? "yes" : "no"; }

// The configuration in force, and what is wrong with it.
struct configuration {
  config::loaded in_force;
  std::vector<std::string> problems;
};

configuration examine_configuration(const std::string& bus)
{
  configuration c;
  try {
    c.in_force = config::load({.file = {}, .bus = bus});
  } catch (const config::problem& p) {
    c.problems.push_back(explain(p).what());
  }
  std::ranges::copy(config::unknown_variables(), std::back_inserter(c.problems));
  return c;
}

std::string as_json(const config::origin& o)
{
  return R"({"key":)" + json_string(o.path) + R"(,"value":)" + json_string(o.given) +
         R"(,"from":)" + json_string(o.where) + "}";
}

std::string as_json(const system_report& r, const config::loaded& in_force)
{
  std::string text = R"({"version":)" + json_string(r.version);
  text += R"(,"kernel":)" + json_string(r.kernel);
  text += R"(,"wakeup":)" + json_string(r.wakeup);
  text += R"(,"wakeup_reason":)" + json_string(r.wakeup_reason);
  text += R"(,"directory":)" + json_string(r.directory);
  text += R"(,"directory_type":)" + json_string(r.directory_type);
  text += R"(,"directory_free":)" + std::to_string(r.directory_free);
  text += R"(,"can_watch_deaths":)" + std::string(r.can_watch_deaths ? "true" : "false");
  text += R"(,"has_membarrier":)" + std::string(r.has_membarrier ? "true" : "false");
  text += R"(,"configuration":)" +
          (in_force.file.empty() ? "null" : json_string(in_force.file.string()));
  text += R"(,"settings":[)";
  for (const auto& o : in_force.origins)
    text += (&o == &in_force.origins.front() ? "" : ",\n ") + as_json(o);
  return text + R"(],"problems":)" + json_array(r.problems) + "}\n";
}

std::string as_text(const system_report& r, const config::loaded& in_force)
{
  table t({"shmbus", r.version});
  t.add({"kernel", r.kernel});
  t.add({"wake-up", r.wakeup + " (" + r.wakeup_reason + ")"});
  t.add({"buses in", r.directory + " (" + r.directory_type + ", " +
                         readable_size(r.directory_free) + " free)"});
  t.add({"told of deaths", yes_or_no(r.can_watch_deaths)});
  t.add({"membarrier", yes_or_no(r.has_membarrier)});
  t.add({"configuration", in_force.file.empty() ? "none" : printable(in_force.file.string())});
  for (const auto& o : in_force.origins)
    t.add({"", o.path + " = " + o.given + " (" + printable(o.where) + ")"});
  std::string text = t.text();
  for (const auto& problem : r.problems) text += "problem: " + problem + '\n';
  if (r.problems.empty()) text += "no problems found\n";
  return text;
}

int examine(const std::string& bus, bool json)
{
  const configuration c = examine_configuration(bus);
  system_report report = examine_system(c.in_force.values.bus.directory);
  std::ranges::copy(c.problems, std::back_inserter(report.problems));
  print(json ? as_json(report, c.in_force) : as_text(report, c.in_force));
  return report.problems.empty() ? status_done : status_error;
}

}  // namespace

void add_doctor(CLI::App& app, bus_options& bus, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub =
      app.add_subcommand("doctor", "Say what this system offers, and what is wrong with it");
  sub->footer(
      "Which wake-up back end is used and why; SHMBUS_WAKEUP=uring or thread forces one.\n"
      "Which configuration is in force for the bus, and where each value comes from.\n"
      "Exit status 1 if there is a problem.");
  sub->add_flag("--json", *json, "Print an object");
  bus.add_name(*sub, "The bus (default: what the configuration says)");
  sub->callback([json, &bus, &chosen] {
    bus.leave_incomplete();  // to show what is wrong instead of failing with it
    chosen = [json, &bus] { return examine(bus.given_name(), *json); };
  });
}

}  // namespace shmbus::command
