#include "command/options.hpp"

#include "command/failure.hpp"
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

// "660" as chmod takes it.
::mode_t parse_mode(const std::string& text)
{
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, ec] = std::from_chars(text.data(), end, value, 8);
  if (ec != std::errc{} || stopped != end || value > 0777)
    throw usage("--mode " + core::quoted(text) + " is not three octal digits, like 660");
  return static_cast<::mode_t>(value);
}

}  // namespace

void bus_options::add_place(CLI::App& app)
{
  app.add_option("--bus", name_, "Its name (else $SHMBUS_BUS, else \"default\")")
      ->type_name("NAME")
      ->group(place_group);
  add_directory(app);
}

void bus_options::add_place_with_name(CLI::App& app)
{
  const auto set = [this](const std::string& name) { word_ = name; };
  app.add_option_function<std::string>("NAME", set, "The bus; the same as --bus NAME")
      ->type_name("");
  add_place(app);
}

void bus_options::add_directory(CLI::App& app)
{
  app.add_option("--dir", directory_,
                 "Where buses are (else $SHMBUS_DIR, else /dev/shm/shmbus.<uid>);\n"
                 "a bus is the folder DIR/NAME")
      ->type_name("DIR")
      ->group(place_group);
}

void bus_options::add_limits(CLI::App& app)
{
  constexpr auto group =
      "Limits of the bus, if it is not there yet (one that is there keeps its own)";
  app.add_option("--buffer-size", config_.buffer_size,
                 "Memory for messages, at most; 64K to 32G (default: 64M)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(in_range(core::min_buffer_size, core::max_buffer_size))
      ->type_name("SIZE")
      ->group(group);
  app.add_option("--max-clients", config_.max_clients,
                 "Publishers and subscribers, at most; 2 to 8192 (default: 1000)")
      ->check(in_range(core::min_clients, core::max_clients_limit))
      ->type_name("N")
      ->group(group);
  app.add_option("--max-subscriptions", config_.max_subscriptions_per_client,
                 "Patterns of one subscriber, at most; 1 to 65536 (default: 100)")
      ->check(in_range(1, core::max_subscriptions_limit))
      ->type_name("N")
      ->group(group);
  app.add_option("--mode", mode_, "Who may use it, as for chmod (default: 600)")
      ->type_name("MODE")
      ->group(group);
  app.add_option("--group", config_.group, "The group that owns it (default: yours)")
      ->type_name("NAME")
      ->group(group);
}

void bus_options::complete()
{
  if (!name_.empty()) {
    check_name(name_, " (--bus)");
    config_.name = name_;
  } else if (const auto name = environment("SHMBUS_BUS"); !name.empty()) {
    config_.name = name;
    check_name(config_.name, " ($SHMBUS_BUS)");
  }
  config_.directory = directory_;
  config_.adopt = true;
  if (!config_.group.empty() && ::getgrnam(config_.group.c_str()) == nullptr)
    throw usage("--group: this machine has no group " + core::quoted(config_.group));
  if (!mode_.empty()) config_.mode = parse_mode(mode_);
  if (word_) set_name(*word_);
}

void bus_options::set_name(const std::string& name)
{
  check_name(name, "");
  config_.name = name;
}

broker_config bus_options::config(open_mode mode) const
{
  broker_config c = config_;
  c.open = mode;
  return c;
}

std::string bus_options::text() const { return "bus '" + config_.name + "' in " + directory(); }

std::string bus_options::directory() const
{
  return config_.directory.empty() ? default_directory() : config_.directory;
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

void add_queue(CLI::App& app, subscriber_options& options)
{
  app.add_option("--queue", options.queue_capacity,
                 "Messages that may wait, for each publisher (default: " +
                     std::to_string(options.queue_capacity) + ")")
      ->check(in_range(1, core::max_queue_capacity))
      ->type_name("N");
  const auto set = [&options](const std::string& name) {
    for (std::size_t i = 0; i != overflow_names.size(); ++i)
      if (name == overflow_names[i]) options.overflow = static_cast<overflow>(i);
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
