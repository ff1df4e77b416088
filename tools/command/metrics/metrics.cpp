#include "command/failure.hpp"
#include "command/metrics/families.hpp"
#include "command/metrics/server.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/watched_bus.hpp"
#include "shmbus/client_info.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shmbus::command {
namespace {

struct metrics_options {
  bool all = false;
  std::optional<std::uint16_t> port;
};

/// The buses, kept open between two looks: to open one makes its users look for dead clients.
class measured_buses {
public:
  measured_buses(const metrics_options& o, const bus_options& place) : all_(o.all), place_(place) {}

  /// Throws `failure` if there is a problem with a bus that was named.
  std::string text()
  {
    std::vector<named_observation> seen;
    if (!all_) {
      auto& bus = bus_named(place_.config(open_mode::open_only).name);
      auto now = bus.look();
      if (!now) throw explain(bus.problem(), place_.text());
      seen.push_back({bus.config().name, std::move(*now)});
      return as_metrics(seen);
    }
    std::error_code ec;
    const auto entries = list_buses(place_.config(open_mode::open_only).directory, ec);
    if (ec) throw explain(ec, "cannot list buses in " + place_.directory());
    for (const auto& e : entries)
      if (auto now = bus_named(e.name).look()) seen.push_back({e.name, std::move(*now)});
    return as_metrics(seen);
  }

private:
  watched_bus& bus_named(const std::string& name)
  {
    const auto known = buses_.find(name);
    if (known != buses_.end()) return known->second;
    bus_options place = place_;
    place.set_name(name);
    return buses_.try_emplace(name, place.config(open_mode::open_only)).first->second;
  }

  bool all_;
  const bus_options& place_;
  std::map<std::string, watched_bus> buses_;
};

int run(const metrics_options& o, const bus_options& place)
{
  measured_buses buses(o, place);
  if (!o.port) {
    print(buses.text());
    return status_done;
  }
  serve_metrics(*o.port, [&] {
    try {
      return buses.text();
    } catch (const failure&) {
      return as_metrics({});  // no such bus now: the next time, perhaps
    }
  });
  return status_done;
}

constexpr auto notes = R"(Examples:
  shmbus metrics --all > /var/lib/node_exporter/shmbus.prom
  shmbus metrics --serve 9464      # for "- targets: ['127.0.0.1:9464']"

It takes no place on the bus. Counters are those of single clients, named by "client": they begin at
0 with the client, and end with it.)";

}  // namespace

void add_metrics(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<metrics_options>();
  auto* sub = app.add_subcommand("metrics", "Print counters for Prometheus");
  sub->footer(notes);
  sub->add_flag("--all", o->all, "All buses of the directory");
  sub->add_option("--serve", o->port,
                  "Answer GET /metrics on 127.0.0.1, until Ctrl-C (0: any port)")
      ->check(in_range(0, 65535))
      ->type_name("PORT");
  bus.add_place_with_name(*sub);
  sub->callback([o, &bus, &chosen] { chosen = [o, &bus] { return run(*o, bus); }; });
}

}  // namespace shmbus::command
