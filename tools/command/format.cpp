#include "command/format.hpp"

#include "command/failure.hpp"
#include "command/text.hpp"
#include "core/utf8.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace shmbus::command {
namespace {

// What a % may stand before.
constexpr std::string_view fields = "tpxsnilTd%";

std::string text_of(const char* pattern, auto value)
{
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), pattern, value);
  return text.data();
}

struct times {
  bool known;
  std::chrono::nanoseconds latency;
  double sent_at;  // since 1970: the publisher's clock counts from the start of the machine
};

times times_of(const message& m)
{
  using namespace std::chrono;
  const auto latency = steady_clock::now() - m.sent_at();
  return {.known = m.sent_at() != steady_clock::time_point{},
          .latency = latency,
          .sent_at = duration<double>(system_clock::now().time_since_epoch() - latency).count()};
}

void append_times(std::string& out, const message& m)
{
  const times t = times_of(m);
  if (!t.known) {
    out += R"(,"sent_at":null,"latency_ns":null)";
    return;
  }
  out += text_of(R"(,"sent_at":%.6f)", t.sent_at);
  out += R"(,"latency_ns":)" + std::to_string(t.latency.count());
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

message_format::message_format(std::string_view text)
{
  if (text == "text")
    template_ = "%t %p";
  else if (text == "hex")
    template_ = "%t %x";
  else if (text == "json")
    kind_ = kind::json;
  else if (text == "raw")
    kind_ = kind::raw;
  else if (text.find('%') != text.npos)
    template_ = text;
  else
    throw usage("--format " + core::quoted(text) +
                " is none of text, hex, json, raw, and has no %");
  for (std::size_t i = 0; (i = template_.find('%', i)) != std::string::npos; i += 2)
    if (i + 1 == template_.size() || fields.find(template_[i + 1]) == fields.npos)
      throw usage("--format: there is no " + core::quoted(template_.substr(i, 2)) +
                  "; write %% for a percent sign");
}

void message_format::append(std::string& out, const message& m) const
{
  switch (kind_) {
    case kind::json: return append_json(out, m);
    case kind::raw: out += m.text(); return;
    case kind::pattern: break;
  }
  for (std::size_t i = 0; i != template_.size(); ++i) {
    if (template_[i] == '%')
      append_field(out, template_[++i], m);
    else
      out += template_[i];
  }
  out += '\n';
}

void message_format::append_field(std::string& out, char field, const message& m) const
{
  switch (field) {
    case 't': out += printable(m.topic()); break;
    case 'p': out += printable(m.text()); break;
    case 'x': out += hexadecimal(m.text()); break;
    case 's': out += std::to_string(m.payload().size()); break;
    case 'n': out += std::to_string(m.sequence()); break;
    case 'i': out += client_name(m.publisher()); break;
    case 'l': out += std::to_string(m.lost_before()); break;
    case 'T':
    case 'd': {
      const times t = times_of(m);
      if (!t.known)
        out += '-';
      else if (field == 'T')
        out += text_of("%.6f", t.sent_at);
      else
        out += text_of("%.1f", std::chrono::duration<double, std::micro>(t.latency).count());
      break;
    }
    default: out += field;
  }
}

}  // namespace shmbus::command
