#include "config/toml_file.hpp"

#include "config/problem.hpp"
#include "shm/file.hpp"
#include "shmbus/errc.hpp"

// The headers alone, and nothing of it leaves the library: whatever pkg-config says of the system's.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <fcntl.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

namespace shmbus::config {
namespace {

value value_of(const toml::node& n)
{
  switch (n.type()) {
    case toml::node_type::boolean: return **n.as_boolean();
    case toml::node_type::integer: return **n.as_integer();
    case toml::node_type::string: return **n.as_string();
    case toml::node_type::table: return unusable{"a table"};
    case toml::node_type::array: return unusable{"an array"};
    case toml::node_type::floating_point: return unusable{"a number with a point"};
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return unusable{"a date or time"};
    case toml::node_type::none: break;
  }
  return unusable{"nothing"};
}

void collect(const toml::table& table, const std::vector<std::string>& path,
             std::vector<toml_node>& found)
{
  for (const auto& [key, node] : table) {
    toml_node n;
    n.path = path;
    n.path.emplace_back(key.str());
    n.is_table = node.is_table();
    n.given = value_of(node);
    // A table that only its subtables name has no place of its own.
    const toml::source_position place =
        node.is_table() && node.source().begin.line != 0 ? node.source().begin : key.source().begin;
    n.line = place.line;
    n.column = place.column;
    found.push_back(n);
    if (const auto* inner = node.as_table()) collect(*inner, n.path, found);
  }
}

}  // namespace

std::vector<toml_node> parse_toml(std::string_view document, const std::string& origin)
{
  const toml::parse_result parsed = toml::parse(document);
  if (!parsed) {
    const auto& e = parsed.error();
    throw problem(errc::invalid_config, origin + ":" + std::to_string(e.source().begin.line) + ":" +
                                            std::to_string(e.source().begin.column) + ": " +
                                            std::string(e.description()));
  }
  std::vector<toml_node> found;
  collect(parsed.table(), {}, found);
  std::stable_sort(found.begin(), found.end(), [](const toml_node& a, const toml_node& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return found;
}

std::string read_file(const std::filesystem::path& file)
{
  const auto fail = [&file] {
    throw problem(shm::last_error(), "cannot read the configuration " + file.string());
  };
  const shm::file f{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!f) fail();
  std::string text;
  std::array<char, 4096> part;
  while (true) {
    const auto n = ::read(f.descriptor(), part.data(), part.size());
    if (n == 0) return text;
    if (n > 0)
      text.append(part.data(), static_cast<std::size_t>(n));
    else if (errno != EINTR)
      fail();
  }
}

}  // namespace shmbus::config
