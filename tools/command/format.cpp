#include "command/format.hpp"

#include "command/text.hpp"
#include "core/utf8.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace shmbus::command {
namespace {

// The publisher's clock counts from the start of the machine. People want the time of day.
void append_times(std::string& out, const message& m)
{
  using namespace std::chrono;
  if (m.sent_at() == steady_clock::time_point{}) {
    out += R"(,"sent_at":null,"latency_ns":null)";
    return;
  }
  const auto latency = steady_clock::now() - m.sent_at();
  const auto sent = duration_cast<microseconds>(system_clock::now().time_since_epoch() - latency);
  std::array<char, 96> text;
  std::snprintf(text.data(), text.size(), R"(,"sent_at":%.6f,"latency_ns":%lld)",
                duration<double>(sent).count(),
                static_cast<long long>(duration_cast<nanoseconds>(latency).count()));
  out += text.data();
}

void append_json(std::string& out, const message& m)
{
  out += R"({"topic":)" + json_string(m.topic());
  if (core::is_utf8(m.text()))
    out += R"(,"payload":)" + json_string(m.text());
  else
    out += R"(,"payload_base64":")" + base64(m.text()) + '"';
  out += R"(,"publisher":")" + client_name(m.publisher()) + '"';
  out += R"(,"sequence":)" + std::to_string(m.sequence());
  out += R"(,"lost_before":)" + std::to_string(m.lost_before());
  append_times(out, m);
  out += "}\n";
}

}  // namespace

void append(std::string& out, const message& m, message_format format)
{
  switch (format) {
    case message_format::text:
      out.append(printable(m.topic())).append(" ").append(printable(m.text())).append("\n");
      break;
    case message_format::json: append_json(out, m); break;
    case message_format::raw: out += m.text(); break;
  }
}

}  // namespace shmbus::command
