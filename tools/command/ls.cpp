#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/sync/broker.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

struct row {
  std::string name;
  bool in_use = false;
  std::string problem;  // why there are no figures, if there are none
  std::size_t publishers = 0;
  std::size_t subscribers = 0;
  std::uint64_t bytes = 0;
};

// Empty if the bus went away meanwhile.
std::vector<row> look(const bus_entry& entry, bus_options place)
{
  row r;
  r.name = entry.name;
  r.in_use = entry.in_use;
  if (!entry.in_use) {
    // To open it would be to remove it.
    r.problem = "not in use; whoever opens it next makes it anew";
    return {r};
  }
  place.set_name(entry.name);
  std::error_code ec;
  const sync::broker bus(place.config(open_mode::open_only), ec);
  if (ec == make_error_code(errc::no_such_bus)) return {};
  if (ec) {
    r.problem = ec.message();
    return {r};
  }
  const bus_info info = bus.info();
  r.publishers = static_cast<std::size_t>(
      std::ranges::count_if(info.clients, [](const client_info& c) { return c.publisher; }));
  r.subscribers = info.clients.size() - r.publishers;
  r.bytes = info.file_bytes;
  return {r};
}

std::string as_json(const row& r)
{
  std::string text = R"({"name":)" + json_string(r.name);
  text += R"(,"in_use":)" + std::string(r.in_use ? "true" : "false");
  if (!r.problem.empty()) return text + R"(,"problem":)" + json_string(r.problem) + "}";
  text += R"(,"publishers":)" + std::to_string(r.publishers);
  text += R"(,"subscribers":)" + std::to_string(r.subscribers);
  return text + R"(,"bytes":)" + std::to_string(r.bytes) + "}";
}

std::string as_json(const std::vector<row>& rows)
{
  std::string text = "[";
  for (const auto& r : rows) (text += text.size() == 1 ? "" : ",\n ") += as_json(r);
  return text + "]\n";
}

std::string as_table(const std::vector<row>& rows)
{
  table t({"NAME", "PUBLISHERS", "SUBSCRIBERS", "MEMORY"});
  for (const auto& r : rows) {
    if (r.problem.empty())
      t.add({r.name, std::to_string(r.publishers), std::to_string(r.subscribers),
             readable_size(r.bytes)});
    else
      t.add({r.name, "(" + r.problem + ")"});
  }
  return t.text();
}

int list(const bus_options& place, bool json)
{
  std::error_code ec;
  const auto entries = list_buses(place.config(open_mode::open_only).directory, ec);
  if (ec) throw explain(ec, "cannot list buses in " + place.directory());
  std::vector<row> rows;
  for (const auto& e : entries) std::ranges::copy(look(e, place), std::back_inserter(rows));
  if (json)
    print(as_json(rows));
  else if (rows.empty())
    complain("no bus in " + place.directory());
  else
    print(as_table(rows));
  return status_done;
}

}  // namespace

void add_ls(CLI::App& app, bus_options& bus, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub = app.add_subcommand("ls", "List the buses");
  sub->footer("A bus that is not in use was left by processes that were killed.");
  sub->add_flag("--json", *json, "Print an array of objects");
  bus.add_directory(*sub);
  sub->callback([json, &bus, &chosen] { chosen = [json, &bus] { return list(bus, *json); }; });
}

}  // namespace shmbus::command
