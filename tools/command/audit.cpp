#include "core/audit.hpp"

#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "shmbus/sync/broker.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace shmbus::command {
namespace {

std::string as_json(const core::audit_report& r)
{
  std::string text = "{";
  const auto add = [&text](std::string_view name, const std::string& value) {
    text += text.size() == 1 ? "\"" : ",\"";
    text.append(name).append("\":").append(value);
  };
  add("ok", r.problems.empty() ? "true" : "false");
  add("publishers", std::to_string(r.publishers));
  add("subscribers", std::to_string(r.subscribers));
  add("orphans", std::to_string(r.orphans));
  add("lanes", std::to_string(r.lanes));
  add("queued", std::to_string(r.queued));
  add("pushed", std::to_string(r.pushed));
  add("received", std::to_string(r.received));
  add("released", std::to_string(r.released));
  add("lost", std::to_string(r.lost));
  add("dropped", std::to_string(r.dropped));
  add("control_pages", std::to_string(r.control_pages));
  add("data_pages", std::to_string(r.data_pages));
  add("problems", json_array(r.problems, ",\n "));
  add("pending", json_array(r.pending, ",\n "));
  return text + "}\n";
}

std::string as_text(const core::audit_report& r)
{
  std::string text = counted(r.publishers, "publisher") + ", " +
                     counted(r.subscribers, "subscriber") + ", " + counted(r.orphans, "orphan") +
                     "\n" + counted(r.lanes, "lane") + " with " + counted(r.queued, "message") +
                     " queued; " + counted(r.control_pages + r.data_pages, "page") + " leased\n";
  for (const auto& p : r.pending) text += "pending: " + p + "\n";
  for (const auto& p : r.problems) text += "problem: " + p + "\n";
  return text + (r.problems.empty() ? "all is well\n" : "");
}

constexpr auto notes =
    R"(Only looks; the bus goes on meanwhile. "pending" is what dead clients left and the
next sweep, or a slow subscriber, has yet to deal with, and what a stopped client has not
finished: no problem.
Exit status 0: nothing is wrong.)";

}  // namespace

void add_audit(CLI::App& app, bus_options& bus, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub = app.add_subcommand("audit", "Check that a bus is as it has to be");
  sub->footer(notes);
  sub->add_flag("--json", *json, "Print an object");
  bus.add_place_with_name(*sub);
  sub->callback([json, &bus, &chosen] {
    chosen = [json, &bus]() -> int {
      const sync::broker there(bus.config(open_mode::open_only));
      const auto report = core::audit(*there.implementation());
      print(*json ? as_json(report) : as_text(report));
      if (report.problems.empty()) return status_done;
      throw failure(status_error, counted(report.problems.size(), "problem") + ": " + bus.text());
    };
  });
}

}  // namespace shmbus::command
