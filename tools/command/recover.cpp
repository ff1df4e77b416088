#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "shmbus/sync/broker.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace shmbus::command {

void add_recover(CLI::App& app, bus_options& bus, action& chosen)
{
  auto word = std::make_shared<std::string>();
  auto* sub =
      app.add_subcommand("recover", "Look for dead clients now, and take back what they had");
  sub->footer("Those who use the bus do the same whenever it matters; this is for the impatient.");
  auto* name = sub->add_option("NAME", *word, "The bus; the same as --bus NAME")->type_name("");
  bus.add_place(*sub);
  sub->callback([word, name, &bus, &chosen] {
    chosen = [word, name, &bus] {
      if (name->count() != 0) bus.set_name(*word);
      const std::size_t found = sync::broker(bus.config(open_mode::open_only)).recover();
      print("found " + std::to_string(found) + " dead client" + (found == 1 ? "" : "s") + "\n");
      return status_done;
    };
  });
}

}  // namespace shmbus::command
