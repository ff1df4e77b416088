#include "command/complete.hpp"

#include "command/failure.hpp"
#include "command/output.hpp"
#include "config/load.hpp"
#include "shmbus/client_info.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>

namespace shmbus::command {
namespace {

using words = std::vector<std::string>;

bool takes_value(const CLI::Option& o) { return o.get_items_expected_max() > 0; }

std::string on_one_line(std::string text)
{
  std::ranges::replace(text, '\n', ' ');
  return text;
}

bool has_name(const CLI::Option& o, const std::string& name)
{
  return std::ranges::count(o.get_lnames(), name) != 0;
}

// The option that is written like this, with its dashes and without a value.
CLI::Option* find_option(CLI::App& app, std::string_view written)
{
  const bool is_long = written.starts_with("--");
  const std::string name(written.substr(is_long ? 2 : 1));
  const auto found = app.get_options([&](const CLI::Option* o) {
    const auto& names = is_long ? o->get_lnames() : o->get_snames();
    return std::ranges::count(names, name) != 0;
  });
  return found.empty() ? nullptr : found.front();
}

// The words that are the only ones an option takes. CLI11 tells them when it refuses another one.
words choices(CLI::Option& o)
{
  std::string refused = "\x01";
  try {
    refused = (*o.get_validator(0))(refused);
  } catch (const CLI::Error&) {
    return {};
  }
  const auto begin = refused.find('{');
  const auto end = refused.rfind('}');
  if (begin == refused.npos || end == refused.npos) return {};
  return CLI::detail::split(refused.substr(begin + 1, end - begin - 1), ',');
}

words values(CLI::Option& o)
{
  if (auto found = choices(o); !found.empty()) return found;
  const std::string type =
      o.get_positional() && !o.nonpositional() ? o.get_single_name() : o.get_type_name();
  if (has_name(o, "bus") || (type == "NAME" && !o.nonpositional())) return {":bus"};
  if (type == "DIR") return {":directory"};
  if (type == "FILE") return {":file"};
  return {};
}

words options(CLI::App& app)
{
  words found;
  for (const CLI::Option* o :
       app.get_options([](const CLI::Option* o) { return o->nonpositional(); })) {
    if (o->get_group().empty()) continue;
    const std::string name =
        o->get_lnames().empty() ? "-" + o->get_snames().front() : "--" + o->get_lnames().front();
    found.push_back(name + '\t' + on_one_line(o->get_description()));
  }
  return found;
}

words subcommands(CLI::App& app)
{
  words found;
  for (const CLI::App* sub : app.get_subcommands({}))
    if (!sub->get_group().empty())
      found.push_back(sub->get_name() + '\t' + on_one_line(sub->get_description()));
  return found;
}

// Where a command line has come to.
struct position {
  CLI::App* app;
  CLI::Option* waits = nullptr;  // for its value
  std::size_t given = 0;         // words that are neither options nor their values
  bool no_options = false;       // behind "--"

  void step(const std::string& word)
  {
    if (waits) {
      if (word != "=") waits = nullptr;  // bash makes a word of it
    } else if (!no_options && word == "--") {
      no_options = true;
    } else if (!no_options && word.size() > 1 && word.starts_with('-')) {
      CLI::Option* o = find_option(*app, word);
      waits = o && takes_value(*o) ? o : nullptr;
    } else if (CLI::App* sub = app->get_parent() ? nullptr : find_subcommand(word)) {
      app = sub;
    } else {
      ++given;
    }
  }

  CLI::App* find_subcommand(const std::string& name) const
  {
    const auto found =
        app->get_subcommands([&](const CLI::App* sub) { return sub->get_name() == name; });
    return found.empty() ? nullptr : found.front();
  }

  // The word in that place that has no name; the last one may stand for many.
  CLI::Option* expected() const
  {
    const auto all = app->get_options([](const CLI::Option* o) { return !o->nonpositional(); });
    if (given < all.size()) return all[given];
    const bool many = !all.empty() && all.back()->get_items_expected_max() > 1;
    return many ? all.back() : nullptr;
  }
};

words with_prefix(words found, const std::string& prefix)
{
  std::erase_if(found, [&](const std::string& f) { return !f.starts_with(prefix) && f[0] != ':'; });
  return found;
}

// --dir DIR or --dir=DIR, wherever it stands.
std::string directory_of(const words& line)
{
  constexpr std::string_view option = "--dir";
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i].starts_with("--dir=")) return line[i].substr(option.size() + 1);
    if (line[i] != option) continue;
    const bool apart = line[i + 1] == "=" && i + 2 < line.size();
    return line[apart ? i + 2 : i + 1];
  }
  return {};
}

words buses(const std::string& directory)
{
  words found;
  try {
    const std::filesystem::path where = directory.empty() ? config::load({}).values.bus.directory
                                                          : std::filesystem::path(directory);
    std::error_code ignored;
    for (const auto& b : list_buses(where, ignored)) found.push_back(b.name);
  } catch (const config::problem&) {
    // The command itself will say it.
  }
  return found;
}

}  // namespace

words completions(CLI::App& app, const words& line)
{
  position p{&app};
  if (line.empty()) return {};
  for (std::size_t i = 0; i + 1 < line.size(); ++i) p.step(line[i]);
  const std::string& word = line.back();
  if (p.waits) return with_prefix(values(*p.waits), word == "=" ? "" : word);
  if (!p.no_options && word.starts_with('-')) {
    const auto equals = word.find('=');
    if (equals == word.npos) return with_prefix(options(*p.app), word);
    CLI::Option* o = find_option(*p.app, word.substr(0, equals));
    words found = o && takes_value(*o) ? values(*o) : words();
    for (auto& f : found)
      if (f[0] != ':') f.insert(0, word, 0, equals + 1);
    return with_prefix(found, word);
  }
  if (p.app == &app && p.given == 0) return with_prefix(subcommands(app), word);
  CLI::Option* o = p.expected();
  return o ? with_prefix(values(*o), word) : words();
}

int complete(CLI::App& app, const words& line)
{
  std::string text;
  for (const auto& found : completions(app, line)) {
    if (found != ":bus") {
      text += found + '\n';
      continue;
    }
    const std::string& word = line.back();
    // Behind "--bus=" the whole word is replaced; where bash made words of it, only what follows.
    const std::string before = word.starts_with("--") ? word.substr(0, word.find('=') + 1) : "";
    for (const auto& name : buses(directory_of(line)))
      if ((before + name).starts_with(word == "=" ? "" : word)) text += before + name + "\tbus\n";
  }
  print(text);
  return status_done;
}

}  // namespace shmbus::command
