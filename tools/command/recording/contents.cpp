#include "command/recording/contents.hpp"

#include "command/recording/input.hpp"
#include "command/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <variant>

namespace shmbus::command {
namespace {

std::string decimal(double value, int digits)
{
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string seconds(std::chrono::nanoseconds t, int digits)
{
  return decimal(std::chrono::duration<double>(t).count(), digits);
}

std::string local_time(std::int64_t wall_clock_ns)
{
  const std::time_t t = wall_clock_ns / 1'000'000'000;
  std::tm parts{};
  std::array<char, 32> text{};
  if (::localtime_r(&t, &parts)) std::strftime(text.data(), text.size(), "%F %T", &parts);
  return text.data();
}

}  // namespace

void recording_contents::add(const recording::record& r)
{
  if (const auto* start = std::get_if<recording::start_record>(&r)) {
    timeline_.begin_part();
    if (parts_++ != 0) return;
    bus_ = start->bus;
    wall_clock_ns_ = start->wall_clock_ns;
  } else if (const auto* m = std::get_if<recording::message_record>(&r)) {
    add_message(*m);
  } else if (const auto* gap = std::get_if<recording::gap_record>(&r)) {
    timeline_.at(gap->time_ns);
    ++gaps_;
    lost_ += gap->lost;
  }
}

void recording_contents::add_message(const recording::message_record& m)
{
  const auto position = timeline_.at(m.time_ns);
  if (!wanted_.takes(m.topic, position)) return;
  ++messages_;
  bytes_ += m.payload.size();
  auto topic = topics_.find(m.topic);
  if (topic == topics_.end()) topic = topics_.emplace(m.topic, figures{.first = position}).first;
  ++topic->second.messages;
  topic->second.bytes += m.payload.size();
  topic->second.last = position;
}

std::string recording_contents::as_text(const recording_input& from) const
{
  table general({"bus", printable(bus_)});
  general.add({"begun",
               local_time(wall_clock_ns_) + (parts_ > 1 ? ", in " + counted(parts_, "part") : "")});
  general.add({"duration", seconds(timeline_.now(), 3) + " s"});
  general.add({"messages", std::to_string(messages_) + ", " + readable_size(bytes_)});
  general.add({"lost", std::to_string(lost_) + " in " + counted(gaps_, "gap")});
  general.add({"whole", (from.is_whole() ? "yes, " : "up to byte ") +
                            (from.is_whole() ? readable_size(from.position())
                                             : std::to_string(from.position()))});
  std::string text = general.text();
  if (topics_.empty()) return text;
  table topics({"TOPIC", "MESSAGES", "BYTES", "FIRST", "LAST"});
  for (const auto& [topic, f] : topics_)
    topics.add({printable(topic), std::to_string(f.messages), readable_size(f.bytes),
                seconds(f.first, 3), seconds(f.last, 3)});
  return text + '\n' + topics.text();
}

std::string recording_contents::as_json(const recording_input& from) const
{
  std::string text = R"({"bus":)" + json_string(bus_);
  text += R"(,"begun":)" + decimal(static_cast<double>(wall_clock_ns_) * 1e-9, 6);
  text += R"(,"parts":)" + std::to_string(parts_);
  text += R"(,"duration":)" + seconds(timeline_.now(), 9);
  text += R"(,"messages":)" + std::to_string(messages_);
  text += R"(,"bytes":)" + std::to_string(bytes_);
  text += R"(,"gaps":)" + std::to_string(gaps_);
  text += R"(,"lost":)" + std::to_string(lost_);
  text += R"(,"whole":)" + std::string(from.is_whole() ? "true" : "false");
  text += R"(,"whole_bytes":)" + std::to_string(from.position());
  text += R"(,"topics":[)";
  const char* separator = "";
  for (const auto& [topic, f] : topics_) {
    text += separator + (R"({"topic":)" + json_string(topic));
    text += R"(,"messages":)" + std::to_string(f.messages);
    text += R"(,"bytes":)" + std::to_string(f.bytes);
    text += R"(,"first":)" + seconds(f.first, 9);
    text += R"(,"last":)" + seconds(f.last, 9) + '}';
    separator = ",\n ";
  }
  return text + "]}\n";
}

}  // namespace shmbus::command
