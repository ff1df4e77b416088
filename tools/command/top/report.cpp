#include "command/top/report.hpp"

#include "command/number.hpp"
#include "command/text.hpp"
#include "command/top/lists.hpp"

#include <string_view>

namespace shmbus::command {
namespace {

class json_object {
public:
  json_object& add(std::string_view name, const std::string& value)
  {
    text_ += text_.size() == 1 ? "\"" : ",\"";
    text_.append(name).append("\":").append(value);
    return *this;
  }
  json_object& add(std::string_view name, std::uint64_t value)
  {
    return add(name, std::to_string(value));
  }
  json_object& add(std::string_view name, const std::optional<double>& value)
  {
    return add(name, value ? json_number(*value) : "null");
  }
  std::string text() const { return text_ + "}"; }

private:
  std::string text_ = "{";
};

template <class Row, class Function>
std::string json_rows(const std::vector<Row>& rows, Function f)
{
  std::string text = "[";
  for (const Row& r : rows) text += (text.size() == 1 ? "" : ",\n ") + f(r);
  return text + "]";
}

std::string topic_json(const topic_row& t)
{
  return json_object()
      .add("topic", t.topic.empty() ? "null" : json_string(t.topic))
      .add("messages_per_second", t.messages_per_second)
      .add("bytes_per_second", t.bytes_per_second)
      .add("messages", t.messages)
      .add("bytes", t.bytes)
      .add("unheard", t.unheard)
      .add("last_size", t.last_size)
      .add("age_seconds", t.age_seconds)
      .add("publishers", t.publishers)
      .add("subscribers", t.subscribers)
      .text();
}

std::string client_json(const client_row& c)
{
  json_object o;
  o.add("id", json_string(client_name(c.id)))
      .add("role", json_string(c.publisher ? "publisher" : "subscriber"))
      .add("state", json_string(c.state))
      .add("pid", c.pid)
      .add("process", c.process.empty() ? "null" : json_string(c.process))
      .add("messages_per_second", c.messages_per_second)
      .add("bytes_per_second", c.bytes_per_second)
      .add("messages", c.messages)
      .add("queued", c.queued)
      .add("queue_fill", c.queue_fill)
      .add("lost", c.lost)
      .add("held", c.held)
      .add("pins", c.pins)
      .add("data_bytes", c.data_bytes)
      .add("control_bytes", c.control_bytes);
  if (c.publisher) return o.add("refused", c.refused).text();
  return o.add("latency_seconds", c.latency).add("patterns", json_array(c.patterns)).text();
}

// What a terminal would show of the widest one.
std::string as_table(const grid& g)
{
  table::row titles;
  for (const auto& c : g.columns) titles.push_back(c.title);
  table t(titles);
  for (const auto& r : g.rows) t.add(r);
  return t.text();
}

}  // namespace

std::string as_tables(const picture& p)
{
  return as_table(topics_grid(p.topics)) + "\n" + as_table(clients_grid(p.clients)) + "\n" +
         as_table(memory_grid(p));
}

std::string as_json(const picture& p, const std::string& bus)
{
  return json_object()
             .add("bus", json_string(bus))
             .add("messages_per_second", p.messages_per_second)
             .add("bytes_per_second", p.bytes_per_second)
             .add("max_clients", p.max_clients)
             .add("buffer_size", p.buffer_size)
             .add("data_bytes", p.data_bytes)
             .add("control_bytes", p.control_bytes)
             .add("file_bytes", p.file_bytes)
             .add("topics", json_rows(p.topics, topic_json))
             .add("clients", json_rows(p.clients, client_json))
             .text() +
         "\n";
}

}  // namespace shmbus::command
