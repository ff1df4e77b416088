#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "shmbus/sync/broker.hpp"

#include <cstddef>

namespace shmbus::command {

void add_recover(CLI::App& app, bus_options& bus, action& chosen)
{
  auto* sub =
      app.add_subcommand("recover", "Look for dead clients now, and take back what they had");
  sub->footer("Those who use the bus do the same whenever it matters; this is for the impatient.");
  bus.add_place_with_name(*sub);
  sub->callback([&bus, &chosen] {
    chosen = [&bus] {
      const std::size_t found = sync::broker(bus.config(open_mode::open_only)).recover();
      print("found " + counted(found, "dead client") + "\n");
      return status_done;
    };
  });
}

}  // namespace shmbus::command
