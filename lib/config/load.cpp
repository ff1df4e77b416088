#include "config/load.hpp"

#include "config/nearest.hpp"
#include "config/toml_file.hpp"
#include "config/variables.hpp"
#include "core/bus_directory.hpp"
#include "core/utf8.hpp"

#include <algorithm>
#include <map>

namespace shmbus::config {
namespace {

namespace fs = std::filesystem;

struct assignment {
  const key* sets;
  value given;
  std::string where;
};

[[noreturn]] void refuse(const std::string& where, const std::string& text)
{
  throw problem(errc::invalid_config, where + text);
}

// What a file says, checked; the tables of other buses too.
class file_settings {
public:
  file_settings() = default;
  explicit file_settings(const fs::path& file)
  {
    const std::string name = file.string();
    for (const auto& n : parse_toml(read_file(file), name))
      add(n, name + ":" + std::to_string(n.line) + ":" + std::to_string(n.column));
  }

  const std::vector<assignment>& common() const { return common_; }
  const std::vector<assignment>& of_bus(const std::string& name) const
  {
    static const std::vector<assignment> none;
    const auto found = buses_.find(name);
    return found == buses_.end() ? none : found->second;
  }

private:
  void add(const toml_node& n, const std::string& where);
  void add_key(std::vector<assignment>& to, std::string_view table, const toml_node& n,
               const std::string& where);

  std::vector<assignment> common_;
  std::map<std::string, std::vector<assignment>> buses_;
};

void file_settings::add(const toml_node& n, const std::string& where)
{
  static const std::vector<std::string> tables = {"bus", "subscriber", "publisher"};
  const std::string& first = n.path.front();
  const bool in_table = std::find(tables.begin(), tables.end(), first) != tables.end();
  if (n.path.size() == 1) {
    if (in_table && !n.is_table) refuse(where, ": " + first + " is a table: [" + first + "]");
    if (in_table) return;
    if (n.is_table && !find_key("", first))
      refuse(where, ": unknown table " + core::quoted(first) + advice(first, tables));
    add_key(common_, "", n, where);
  } else if (first == "bus") {
    const std::string& name = n.path[1];
    if (n.path.size() > 2) return add_key(buses_[name], "", n, where);
    if (!n.is_table)
      refuse(where,
             ": " + core::quoted(name) + " belongs to a bus, whose table is like [bus.plant]");
    if (!core::valid_bus_name(name))
      refuse(where,
             ": the bus name " + core::quoted(name) + " is not 1 to 64 of A-Z a-z 0-9 . _ -");
  } else if (in_table) {
    add_key(common_, first, n, where);
  }
  // Anything deeper is in a table that stood in a key's place, and was refused with it.
}

void file_settings::add_key(std::vector<assignment>& to, std::string_view table, const toml_node& n,
                            const std::string& where)
{
  const std::string& name = n.path.back();
  const key* k = find_key(table, name);
  if (!k) {
    for (const auto& other : keys())
      if (other.name == name)
        refuse(where, ": " + core::quoted(name) + " belongs " +
                          (other.table.empty() ? "to the top of the file, or to [bus.NAME]"
                                               : "into the table [" + other.table + "]"));
    refuse(where, ": unknown key " + core::quoted(name) + advice(name, key_names(table)));
  }
  if (&to != &common_ && name == "name")
    refuse(where, ": the name of a bus stands in its table's: [bus." + n.path[1] + "]");
  settings ignored;
  if (!k->set(ignored, n.given))
    refuse(where, ": " + name + " takes " + k->takes + ", not " + shown(n.given));
  to.push_back({k, n.given, where});
}

std::vector<assignment> environment_settings()
{
  std::vector<assignment> found;
  for (const auto& v : variables()) {
    const std::string text = v.sets ? variable_value(v.name) : std::string();
    if (text.empty()) continue;
    const value given = plain_text{text};
    settings ignored;
    if (!v.sets->set(ignored, given))
      throw problem(errc::invalid_config,
                    v.name + " takes " + v.sets->takes + ", not " + shown(given),
                    problem::place::environment);
    found.push_back({v.sets, given, v.name});
  }
  return found;
}

// Of a folder that may not be entered nobody can say whether there is a file in it: a service that
// runs as another user, with HOME left as it was, has none.
bool is_there(const fs::path& file)
{
  std::error_code ignored;
  return fs::exists(file, ignored);
}

fs::path find_file()
{
  if (const std::string named = variable_value("SHMBUS_CONFIG"); !named.empty()) return named;
  const auto usual = usual_files();
  const auto found = std::find_if(usual.begin(), usual.end(), is_there);
  return found == usual.end() ? fs::path() : *found;
}

void apply(loaded& to, const std::vector<assignment>& assignments)
{
  for (const auto& a : assignments) {
    a.sets->set(to.values, a.given);
    const std::string path = a.sets->path();
    std::erase_if(to.origins, [&](const origin& o) { return o.path == path; });
    to.origins.push_back({path, shown(a.given), a.where});
  }
}

}  // namespace

std::vector<fs::path> usual_files()
{
  std::vector<fs::path> files;
  const fs::path inside = fs::path("shmbus") / "shmbus.toml";
  // The specification of XDG base directories says to ignore a relative one.
  if (const fs::path xdg = variable_value("XDG_CONFIG_HOME"); xdg.is_absolute())
    files.push_back(xdg / inside);
  else if (const fs::path home = variable_value("HOME"); home.is_absolute())
    files.push_back(home / ".config" / inside);
  files.push_back("/etc" / inside);
  return files;
}

loaded load(const config_source& source)
{
  loaded result;
  result.file = source.file.empty() ? find_file() : source.file;
  const auto file = result.file.empty() ? file_settings() : file_settings(result.file);
  const auto environment = environment_settings();

  // First what the bus is called, for which the table of a bus is looked up.
  settings named;
  for (const auto* assignments : {&file.common(), &environment})
    for (const auto& a : *assignments)
      if (a.sets->name == "name") a.sets->set(named, a.given);
  const std::string name = source.bus.empty() ? named.bus.name : source.bus;

  apply(result, file.common());
  apply(result, file.of_bus(name));
  apply(result, environment);
  if (!source.bus.empty()) {
    result.values.bus.name = name;
    std::erase_if(result.origins, [](const origin& o) { return o.path == "name"; });
  }
  return result;
}

}  // namespace shmbus::config
