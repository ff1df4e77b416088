#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/text.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/sync/broker.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

std::string mode_text(::mode_t mode)
{
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode) & 07777U);
  return text.data();
}

// The word comes from shared memory.
std::string overflow_text(overflow o)
{
  const auto i = static_cast<std::size_t>(o);
  return i < overflow_names.size() ? overflow_names[i] : "?";
}

// Who keeps a dead publisher on the bus.
std::string unread_text(const client_info& c)
{
  std::string text;
  for (const client_id& id : c.unread_by)
    text += (text.empty() ? "(unread by " : ", ") + client_name(id);
  return text.empty() ? text : text + ")";
}

std::string as_json(const client_info& c)
{
  std::string text = R"({"id":")" + client_name(c.id) + R"(","role":)" +
                     json_string(c.publisher ? "publisher" : "subscriber") + R"(,"pid":)" +
                     std::to_string(c.pid) + R"(,"state":)" + json_string(c.state);
  if (c.publisher) {
    if (c.unread_by.empty()) return text + "}";
    std::vector<std::string> names;
    for (const client_id& id : c.unread_by) names.push_back(client_name(id));
    return text + R"(,"unread_by":)" + json_array(names) + "}";
  }
  text += R"(,"queue_capacity":)" + std::to_string(c.queue_capacity);
  text += R"(,"max_held":)" + std::to_string(c.max_held);
  text += R"(,"overflow":)" + json_string(overflow_text(c.overflow));
  return text + R"(,"patterns":)" + json_array(c.patterns) + "}";
}

std::string as_json(const bus_info& info)
{
  const broker_config& c = info.config;
  std::string text = R"({"name":)" + json_string(c.name);
  text += R"(,"path":)" + json_string(info.path.string());
  text += R"(,"buffer_size":)" + std::to_string(c.buffer_size);
  text += R"(,"max_clients":)" + std::to_string(c.max_clients);
  text += R"(,"max_subscriptions_per_client":)" + std::to_string(c.max_subscriptions_per_client);
  text += R"(,"mode":)" + json_string(mode_text(c.mode));
  text += R"(,"message_bytes_used":)" + std::to_string(info.message_bytes_used);
  text += R"(,"control_bytes_used":)" + std::to_string(info.control_bytes_used);
  text += R"(,"file_bytes":)" + std::to_string(info.file_bytes);
  text += R"(,"clients":[)";
  for (std::size_t i = 0; i != info.clients.size(); ++i)
    text += (i == 0 ? "" : ",\n ") + as_json(info.clients[i]);
  return text + "]}\n";
}

std::string as_text(const bus_info& info)
{
  const broker_config& c = info.config;
  std::string text;
  const auto line = [&text](const char* name, const std::string& value) {
    std::array<char, 24> padded;
    std::snprintf(padded.data(), padded.size(), "%-14s", name);
    text.append(padded.data()).append(value).append("\n");
  };
  line("bus", c.name);
  line("folder", printable(info.path.string()));
  line("buffer", readable_size(info.message_bytes_used) + " used of " +
                     readable_size(c.buffer_size) + " (buffer_size)");
  line("control", readable_size(info.control_bytes_used) + " used");
  line("files", readable_size(info.file_bytes) + " of memory");
  line("mode", mode_text(c.mode));
  line("clients", std::to_string(info.clients.size()) + " of " + std::to_string(c.max_clients) +
                      " (max_clients)");
  line("patterns", "up to " + std::to_string(c.max_subscriptions_per_client) +
                       " of a subscriber (max_subscriptions_per_client)");
  if (info.clients.empty()) return text;

  table t({"CLIENT", "ROLE", "PID", "STATE", "QUEUE", "OVERFLOW", "PATTERNS"});
  for (const auto& client : info.clients) {
    std::string patterns;
    for (const auto& p : client.patterns) patterns += (patterns.empty() ? "" : " ") + printable(p);
    if (client.publisher)
      t.add({client_name(client.id), "publisher", std::to_string(client.pid), client.state, "", "",
             unread_text(client)});
    else
      t.add({client_name(client.id), "subscriber", std::to_string(client.pid), client.state,
             std::to_string(client.queue_capacity), overflow_text(client.overflow), patterns});
  }
  return text + "\n" + t.text();
}

constexpr auto notes =
    R"(A client is live, leaving (it still holds messages), or dead (gone, with messages that
somebody has yet to receive). The pid is the one that the client itself sees.)";

}  // namespace

void add_info(CLI::App& app, bus_options& bus, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub = app.add_subcommand("info", "Show the limits, clients and memory use of a bus");
  sub->footer(notes);
  sub->add_flag("--json", *json, "Print an object");
  bus.add_place_with_name(*sub);
  sub->callback([json, &bus, &chosen] {
    chosen = [json, &bus] {
      const auto info = sync::broker(bus.config(open_mode::open_only)).info();
      print(*json ? as_json(info) : as_text(info));
      return status_done;
    };
  });
}

}  // namespace shmbus::command
