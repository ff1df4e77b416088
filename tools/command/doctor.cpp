#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "shmbus/system.hpp"

#include <memory>
#include <string>

namespace shmbus::command {
namespace {

const char* yes_or_no(bool b) noexcept { return b ? "yes" : "no"; }

std::string as_json(const system_report& r)
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
  return text + R"(,"problems":)" + json_array(r.problems) + "}\n";
}

std::string as_text(const system_report& r)
{
  table t({"shmbus", r.version});
  t.add({"kernel", r.kernel});
  t.add({"wake-up", r.wakeup + " (" + r.wakeup_reason + ")"});
  t.add({"buses in", r.directory + " (" + r.directory_type + ", " +
                         readable_size(r.directory_free) + " free)"});
  t.add({"told of deaths", yes_or_no(r.can_watch_deaths)});
  t.add({"membarrier", yes_or_no(r.has_membarrier)});
  std::string text = t.text();
  for (const auto& problem : r.problems) text += "problem: " + problem + '\n';
  if (r.problems.empty()) text += "no problems found\n";
  return text;
}

int examine(bool json)
{
  const system_report report = examine_system();
  print(json ? as_json(report) : as_text(report));
  return report.problems.empty() ? status_done : status_error;
}

}  // namespace

void add_doctor(CLI::App& app, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub =
      app.add_subcommand("doctor", "Say what this system offers, and what is wrong with it");
  sub->footer(
      "Which wake-up back end is used and why; SHMBUS_WAKEUP=uring or thread forces one.\n"
      "Exit status 1 if there is a problem.");
  sub->add_flag("--json", *json, "Print an object");
  sub->callback([json, &chosen] { chosen = [json] { return examine(*json); }; });
}

}  // namespace shmbus::command
