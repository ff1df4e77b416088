#include "command/failure.hpp"
#include "command/options.hpp"
#include "core/bus_directory.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/sync/broker.hpp"

#include <memory>
#include <set>
#include <string>

namespace shmbus::command {
namespace {

// "in use by the processes 12, 77"
std::string users(const broker_config& config)
{
  std::error_code ec;
  const sync::broker bus(config, ec);
  std::set<::pid_t> pids;
  if (!ec)
    for (const auto& c : bus.info().clients) pids.insert(c.pid);
  if (pids.empty()) return "in use";
  std::string text;
  for (const ::pid_t p : pids) text += (text.empty() ? "" : ", ") + std::to_string(p);
  return "in use by " + std::string(pids.size() == 1 ? "process " : "the processes ") + text;
}

}  // namespace

void add_rm(CLI::App& app, bus_options& bus, action& chosen)
{
  auto force = std::make_shared<bool>(false);
  auto* sub = app.add_subcommand("rm", "Remove a bus that nobody uses");
  sub->footer(
      "A bus goes with its last user, so this is for what killed processes left behind.\n"
      "With --force those who use it keep what they have, and nobody joins them any more.");
  bus.add_name(*sub, "The bus")->required();
  sub->add_flag("-f,--force", *force, "Remove it although it is in use");
  bus.add_directory(*sub);
  sub->callback([force, &bus, &chosen] {
    chosen = [force, &bus] {
      std::error_code ec;
      const auto config = bus.config(open_mode::open_only);
      core::remove_bus(config, *force, ec);
      if (ec == errc::busy)
        throw failure(status_error,
                      bus.text() + " is " + users(config) + "; stop them, or use --force");
      if (ec) throw explain(ec, bus.text());
      return status_done;
    };
  });
}

}  // namespace shmbus::command
