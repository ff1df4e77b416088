#include "command/metrics/families.hpp"

#include "command/metrics/exposition.hpp"
#include "command/text.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace shmbus::command {
namespace {

using buses = std::vector<named_observation>;
using labels = exposition::labels;
using core::client_role;
using core::observed_client;

// A family with one sample for each bus.
void of_buses(exposition& out, const buses& all, std::string_view name, std::string_view help,
              const std::function<std::uint64_t(const core::observation&)>& value)
{
  out.family(name, "gauge", help);
  for (const auto& [bus, seen] : all) out.sample(labels{{"bus", bus}}, value(seen));
}

std::uint64_t bytes(const core::observation& seen, std::uint32_t observed_client::*pages)
{
  std::uint64_t sum = 0;
  for (const auto& c : seen.clients) sum += c.*pages;
  return sum * core::page_size;
}

void clients(exposition& out, const buses& all)
{
  out.family("shmbus_clients", "gauge", "Clients on the bus, by role and state.");
  for (const auto& [bus, seen] : all) {
    std::map<std::pair<std::string, std::string>, std::uint64_t> counts;
    counts[{"publisher", "live"}] = counts[{"subscriber", "live"}] = 0;
    for (const auto& c : seen.clients)
      ++counts[{c.role == client_role::publisher ? "publisher" : "subscriber",
                c.dead ? "dead" : core::name_of(c.state)}];
    for (const auto& [key, n] : counts)
      out.sample(labels{{"bus", bus}, {"role", key.first}, {"state", key.second}}, n);
  }
}

// A counter of each topic of each publisher.
void of_topics(exposition& out, const buses& all, std::string_view name, std::string_view help,
               std::uint64_t core::topic_counts::*value)
{
  out.family(name, "counter", help);
  for (const auto& [bus, seen] : all)
    for (const auto& c : seen.clients) {
      if (!c.published) continue;
      for (const auto& t : c.published->topics)
        out.sample(labels{{"bus", bus}, {"client", client_name(c.id)}, {"topic", t.topic}},
                   t.*value);
    }
}

void refused(exposition& out, const buses& all)
{
  out.family("shmbus_refused_publishes_total", "counter",
             "Tries to publish that failed: a queue with back-pressure or the buffer was full.");
  for (const auto& [bus, seen] : all)
    for (const auto& c : seen.clients) {
      if (!c.published) continue;
      const std::string id = client_name(c.id);
      out.sample(labels{{"bus", bus}, {"client", id}, {"reason", "queue_full"}},
                 c.published->refused_queue_full);
      out.sample(labels{{"bus", bus}, {"client", id}, {"reason", "buffer_full"}},
                 c.published->refused_buffer_full);
    }
}

// A counter of each subscriber.
void of_subscribers(exposition& out, const buses& all, std::string_view name, std::string_view help,
                    std::uint64_t core::subscriber_counts::*value)
{
  out.family(name, "counter", help);
  for (const auto& [bus, seen] : all)
    for (const auto& c : seen.clients)
      if (c.received)
        out.sample(labels{{"bus", bus}, {"client", client_name(c.id)}}, (*c.received).*value);
}

// A sum over the lanes of each subscriber.
void of_lanes(exposition& out, const buses& all, std::string_view name, std::string_view help,
              std::uint32_t core::lane_counts::*value)
{
  out.family(name, "gauge", help);
  for (const auto& [bus, seen] : all) {
    std::map<std::uint32_t, std::uint64_t> sums;
    for (const auto& lane : seen.lanes) sums[lane.subscriber.slot] += lane.*value;
    for (const auto& c : seen.clients)
      if (c.role == client_role::subscriber)
        out.sample(labels{{"bus", bus}, {"client", client_name(c.id)}}, sums[c.id.slot]);
  }
}

void latencies(exposition& out, const buses& all)
{
  out.family("shmbus_latency_seconds", "histogram",
             "From publish to receive: of messages that were waited for, and of one in 64 others.");
  for (const auto& [bus, seen] : all)
    for (const auto& c : seen.clients) {
      if (!c.received) continue;
      labels l{{"bus", bus}, {"client", client_name(c.id)}};
      std::uint64_t count = 0;
      for (std::uint32_t i = 0; i != core::latency_buckets; ++i) {
        count += c.received->latency[i];
        // From a microsecond to some seconds, in steps of four.
        if (i < 10 || i > 34 || i % 2 != 0) continue;
        l.emplace_back("le", seconds_of(std::uint64_t{1} << i));
        out.sample("_bucket", l, std::to_string(count));
        l.pop_back();
      }
      l.emplace_back("le", "+Inf");
      out.sample("_bucket", l, std::to_string(count));
      l.pop_back();
      out.sample("_sum", l, seconds_of(c.received->latency_ns));
      out.sample("_count", l, std::to_string(count));
    }
}

}  // namespace

std::string as_metrics(const buses& all)
{
  exposition out;
  clients(out, all);
  of_buses(out, all, "shmbus_clients_limit", "Clients that the bus has places for.",
           [](auto& seen) { return std::uint64_t{seen.max_clients}; });
  of_buses(out, all, "shmbus_buffer_bytes", "Memory for messages, at most.",
           [](auto& seen) { return seen.buffer_size; });
  of_buses(out, all, "shmbus_buffer_used_bytes", "Memory for messages that publishers have.",
           [](auto& seen) { return bytes(seen, &observed_client::data_pages); });
  of_buses(out, all, "shmbus_control_used_bytes", "Memory for queues, patterns and counters.",
           [](auto& seen) { return bytes(seen, &observed_client::control_pages); });
  of_buses(out, all, "shmbus_file_bytes", "What the files of the bus take of the file system.",
           [](auto& seen) { return seen.file_bytes; });
  of_topics(out, all, "shmbus_published_messages_total",
            "Messages published; the topic is empty where it is that of many.",
            &core::topic_counts::messages);
  of_topics(out, all, "shmbus_published_bytes_total", "Their payloads.",
            &core::topic_counts::bytes);
  of_topics(out, all, "shmbus_unheard_messages_total",
            "Of the messages published, those for which there was no subscriber.",
            &core::topic_counts::unheard);
  refused(out, all);
  of_subscribers(out, all, "shmbus_received_messages_total", "Messages received.",
                 &core::subscriber_counts::received);
  of_subscribers(out, all, "shmbus_received_bytes_total", "Their payloads.",
                 &core::subscriber_counts::bytes);
  of_subscribers(out, all, "shmbus_lost_messages_total",
                 "Messages lost for want of room, as far as the subscriber has noticed.",
                 &core::subscriber_counts::lost);
  of_lanes(out, all, "shmbus_queued_messages", "Messages that wait for the subscriber.",
           &core::lane_counts::queued);
  of_lanes(out, all, "shmbus_held_messages", "Messages received and not yet released.",
           &core::lane_counts::held);
  latencies(out, all);
  return out.text();
}

}  // namespace shmbus::command
