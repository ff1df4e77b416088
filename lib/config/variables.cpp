#include "config/variables.hpp"

#include "config/nearest.hpp"
#include "core/utf8.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace shmbus::config {
namespace {

constexpr std::string_view prefix = "SHMBUS_";

std::string name_of(const key& k)
{
  std::string name = k.path();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    if (c == '.') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return std::string(prefix) + name;
}

std::vector<variable> make_variables()
{
  std::vector<variable> all = {
      {"SHMBUS_CONFIG", nullptr, "the configuration file"},
      {"SHMBUS_LOG", nullptr, "the command's log level: debug, info, warn, error, off"},
      {"SHMBUS_WAKEUP", nullptr, "how an event loop is woken: uring, thread"},
  };
  for (const auto& k : keys()) all.push_back({name_of(k), &k, k.about});
  all.push_back({"SHMBUS_BUS", find_key("", "name"), "short for SHMBUS_NAME, and goes first"});
  all.push_back(
      {"SHMBUS_DIR", find_key("", "directory"), "short for SHMBUS_DIRECTORY, and goes first"});
  return all;
}

}  // namespace

const std::vector<variable>& variables()
{
  static const std::vector<variable> all = make_variables();
  return all;
}

std::string variable_value(const std::string& name)
{
  const char* text = std::getenv(name.c_str());
  return text ? text : "";
}

std::vector<std::string> unknown_variables()
{
  std::vector<std::string> known;
  for (const auto& v : variables()) known.push_back(v.name);
  std::vector<std::string> found;
  for (char** entry = environ; entry && *entry; ++entry) {
    std::string_view name = *entry;
    name = name.substr(0, name.find('='));
    if (!name.starts_with(prefix) || std::find(known.begin(), known.end(), name) != known.end())
      continue;
    const std::string meant = nearest(name, known);
    found.push_back("nothing reads the variable " + core::quoted(name) + ": " +
                    (meant.empty() ? "unset it" : "did you mean " + meant + "?"));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace shmbus::config
