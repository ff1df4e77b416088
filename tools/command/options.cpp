#include "command/options.hpp"

#include "command/failure.hpp"
#include "config/load.hpp"
#include "core/bus_directory.hpp"
#include "core/layout.hpp"
#include "core/utf8.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/log.hpp"
#include "shmbus/pattern.hpp"

#include <grp.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace shmbus::command {
namespace {

constexpr auto place_group = "Which bus";

std::string_view environment(const char* name)
{
  const char* value = std::getenv(name);
  return value ? value : "";
}

void check_name(const std::string& name, const std::string& origin)
{
  if (!core::valid_bus_name(name))
    throw usage("the bus name " + core::quoted(name) + origin +
                " is not 1 to 64 of A-Z a-z 0-9 . _ -");
}

config::settings load_settings(const std::string& bus)
{
  try {
    return config::load({.file = {}, .bus = bus}).values;
  } catch (const config::problem& p) {
    throw explain(p);
  }
}

// "660" as chmod takes it.
::mode_t parse_mode(const std::string& text)
{
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, ec] = std::from_chars(text.data(), end, value, 8);
  if (ec != std::errc{} || stopped != end || value > 0777)
    throw usage("--mode " + core::quoted(text) + " is not three octal digits, like 660");
  if (!core::valid_mode(value))
    throw usage("--mode " + core::quoted(text) +
                " is not 600, with read and write for others as wanted");
  return static_cast<::mode_t>(value);
}

}  // namespace

void bus_options::add_place(CLI::App& app)
{
  app.add_option("--bus", name_, "Its name (else $SHMBUS_BUS, the configuration, \"default\")")
      ->type_name("NAME")
      ->group(place_group);
  add_directory(app);
}

CLI::Option* bus_options::add_name(CLI::App& app, const std::string& description)
{
  const auto set = [this](const std::string& name) { word_ = name; };
  return app.add_option_function<std::string>("NAME", set, description)->type_name("");
}

void bus_options::add_place_with_name(CLI::App& app)
{
  add_name(app, "The bus; the same as --bus NAME");
  add_place(app);
}

void bus_options::add_directory(CLI::App& app)
{
  app.add_option("--dir", directory_,
                 "Where buses are (else $SHMBUS_DIR, the configuration,\n/dev/shm/shmbus.<uid>); "
                 "a bus is the folder DIR/NAME")
      ->type_name("DIR")
      ->group(place_group);
}

void bus_options::add_limits(CLI::App& app)
{
  constexpr auto group =
      "Limits of the bus, if it is not there yet (one that is there keeps its own)";
  app.add_option("--buffer-size", buffer_size_,
                 "Memory for messages, at most; 64K to 32G (default: 64M)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(in_range(core::min_buffer_size, core::max_buffer_size))
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--max-clients", max_clients_,
                 "Publishers and subscribers, at most; 2 to 8192 (default: 1000)")
      ->check(in_range(core::min_clients, core::max_clients_limit))
      ->type_name("N")
      ->group(group);
  app.add_option("--max-subscriptions", max_subscriptions_,
                 "Patterns of one subscriber, at most; 1 to 65536 (default: 100)")
      ->check(in_range(1, core::max_subscriptions_limit))
      ->type_name("N")
      ->group(group);
  app.add_option("--mode", mode_, "Who may use it, as for chmod (default: 600)")
      ->type_name("MODE")
      ->group(group);
  app.add_option("--group", group_, "The group that owns it (default: yours)")
      ->type_name("NAME")
      ->group(group);
}

void bus_options::complete()
{
  if (incomplete_) return;
  if (word_) check_name(*word_, "");
  if (!name_.empty()) check_name(name_, " (--bus)");
  settings_ = load_settings(given_name());
  if (!directory_.empty()) settings_.bus.directory = directory_;
  apply_limits();
  if (!settings_.bus.group.empty() && ::getgrnam(settings_.bus.group.c_str()) == nullptr)
    throw usage((group_.empty() ? "the configuration: " : "--group: ") +
                std::string("this machine has no group ") + core::quoted(settings_.bus.group));
}

void bus_options::apply_limits()
{
  broker_config& c = settings_.bus;
  c.adopt = true;
  c.buffer_size = buffer_size_.value_or(c.buffer_size);
  c.max_clients = max_clients_.value_or(c.max_clients);
  c.max_subscriptions_per_client = max_subscriptions_.value_or(c.max_subscriptions_per_client);
  if (!mode_.empty()) c.mode = parse_mode(mode_);
  if (!group_.empty()) c.group = group_;
}

void bus_options::set_name(const std::string& name)
{
  check_name(name, "");
  settings_.bus.name = name;
}

broker_config bus_options::config(open_mode mode) const
{
  broker_config c = settings_.bus;
  // Where the configuration says that buses are not made by the way, the command does not, either.
  if (c.open != open_mode::open_only) c.open = mode;
  return c;
}

std::string bus_options::text() const
{
  return "bus '" + settings_.bus.name + "' in " + directory();
}

std::string bus_options::directory() const
{
  return settings_.bus.directory.empty() ? default_directory() : settings_.bus.directory;
}

CLI::Validator in_range(std::uint64_t least, std::uint64_t most)
{
  const auto check = [=](std::string& text) -> std::string {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, ec] = std::from_chars(text.data(), end, value);
    if (ec == std::errc{} && stopped == end && value >= least && value <= most) return {};
    return "takes a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  };
  return {check, ""};
}

void add_seconds(CLI::App& app, const std::string& name, std::chrono::nanoseconds& value,
                 const std::string& description)
{
  const auto set = [&value, name](const double& seconds) {
    // Thirty years: more would not fit into nanoseconds.
    if (!(seconds >= 0 && seconds <= 1e9))
      throw CLI::ValidationError(name, "takes a number of seconds from 0 to 1000000000");
    value = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds));
  };
  app.add_option_function<double>(name, set, description)->type_name("SECONDS");
}

subscriber_options queue_flags::over(subscriber_options others) const noexcept
{
  others.queue_capacity = capacity.value_or(others.queue_capacity);
  others.overflow = overflow.value_or(others.overflow);
  return others;
}

void add_queue(CLI::App& app, queue_flags& flags, std::uint32_t usual_capacity)
{
  app.add_option("--queue", flags.capacity,
                 "Messages that may wait, for each publisher (default: " +
                     std::to_string(usual_capacity) + ")")
      ->check(in_range(1, core::max_queue_capacity))
      ->type_name("N");
  const auto set = [&flags](const std::string& name) {
    for (std::size_t i = 0; i != overflow_names.size(); ++i)
      if (name == overflow_names[i]) flags.overflow = static_cast<overflow>(i);
  };
  app.add_option_function<std::string>(
         "--overflow", set,
         "When the queue is full: drop-oldest (the default), drop-newest,\nor block, which makes "
         "publishers wait")
      ->check(CLI::IsMember(overflow_names).description(""))
      ->type_name("HOW");
}

void check_patterns(const std::vector<std::string>& patterns)
{
  for (const auto& p : patterns)
    if (const auto problem = pattern_problem(p); !problem.empty())
      throw usage("the pattern " + core::quoted(p) + ' ' + std::string(problem));
}

void set_log_level()
{
  using level = spdlog::level::level_enum;
  const auto wanted = environment("SHMBUS_LOG");
  if (wanted.empty()) return;
  for (const auto& [name, value] : {std::pair{"debug", level::debug},
                                    {"info", level::info},
                                    {"warn", level::warn},
                                    {"error", level::err},
                                    {"off", level::off}}) {
    if (wanted == name) return logger()->set_level(value);
  }
  throw usage("SHMBUS_LOG=" + std::string(wanted) + " is none of debug, info, warn, error, off");
}

}  // namespace shmbus::command
