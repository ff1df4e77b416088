#include "command/metrics/exposition.hpp"

namespace shmbus::command {

void exposition::family(std::string_view name, std::string_view type, std::string_view help)
{
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void exposition::sample(std::string_view suffix, const labels& l, std::string_view value)
{
  text_.append(name_).append(suffix);
  char before = '{';
  for (const auto& [name, text] : l) {
    (text_ += before).append(name).append("=\"").append(label_value(text)).append("\"");
    before = ',';
  }
  text_.append(l.empty() ? " " : "} ").append(value).append("\n");
}

std::string label_value(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '"')
      out += "\\\"";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string seconds_of(std::uint64_t ns)
{
  constexpr std::uint64_t second = 1'000'000'000;
  std::string text = std::to_string(ns / second);
  if (ns % second == 0) return text;
  std::string part = std::to_string(ns % second);
  part.insert(0, 9 - part.size(), '0');
  part.erase(part.find_last_not_of('0') + 1);
  return text + "." + part;
}

}  // namespace shmbus::command
