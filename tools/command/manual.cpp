#include "command/manual.hpp"

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/variables.hpp"

#include <vector>

namespace shmbus::command {
namespace {

// Text as roff takes it: no backslash, dash or leading dot that would mean something.
std::string plain(const std::string& text)
{
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_begins = c == '\n';
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + plain(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + plain(text) + "\\fR"; }

// Lines stay as they are: examples, and what was laid out for a terminal.
std::string as_laid_out(const std::string& text)
{
  return text.empty() ? std::string() : ".PP\n.nf\n" + plain(text) + "\n.fi\n";
}

std::string item(const std::string& title, const std::string& text)
{
  return ".TP\n" + title + "\n" + plain(text) + "\n";
}

bool is_word(const CLI::Option& o) { return !o.nonpositional(); }

// "-f, --force", "--bus NAME"
std::string title(const CLI::Option& o)
{
  if (is_word(o)) return italic(o.get_single_name());
  std::string text;
  for (const auto& name : o.get_snames()) text += (text.empty() ? "" : ", ") + bold("-" + name);
  for (const auto& name : o.get_lnames()) text += (text.empty() ? "" : ", ") + bold("--" + name);
  if (o.get_items_expected_max() > 0) text += " " + italic(o.get_type_name());
  return text;
}

// "shmbus rm [OPTIONS] NAME"
std::string synopsis(const CLI::App& sub)
{
  std::string text = bold("shmbus " + sub.get_name()) + " [" + italic("OPTIONS") + "]";
  for (const CLI::Option* o :
       sub.get_options([](const CLI::Option* option) { return is_word(*option); })) {
    std::string word = italic(o->get_single_name());
    if (o->get_items_expected_max() > 1) word += "...";
    text += " " + (o->get_required() ? word : "[" + word + "]");
  }
  return text;
}

std::string options(const CLI::App& app)
{
  std::string text;
  for (const auto& group : app.get_groups()) {
    if (group.empty()) continue;  // hidden
    std::string items;
    for (const CLI::Option* o : app.get_options())
      if (o->get_group() == group) items += item(title(*o), o->get_description());
    if (group != "Options" && !items.empty()) text += ".PP\n" + plain(group) + ":\n";
    text += items;
  }
  return text;
}

std::string settings()
{
  std::string text = ".SH CONFIGURATION\n";
  text += plain(
      "A value on the command line goes over that of a variable of the environment, which goes "
      "over "
      "that of the configuration file, a TOML document. In the file the table [bus.NAME] goes over "
      "what stands at the top, for the bus of that name. The keys, with their variables:\n");
  std::string table;
  for (const auto& v : config::variables()) {
    if (!v.sets || v.about != v.sets->about) continue;
    if (v.sets->table != table) {
      table = v.sets->table;
      text += ".PP\n" + plain("In the table [" + table + "]:") + "\n";
    }
    text += item(bold(v.sets->name) + ", " + bold(v.name), v.about + "; " + v.sets->takes);
  }
  text += ".SH ENVIRONMENT\n";
  for (const auto& v : config::variables())
    if (!v.sets || v.about != v.sets->about) text += item(bold(v.name), v.about);
  return text;
}

constexpr auto files = R"(.SH FILES
.TP
.I $XDG_CONFIG_HOME/shmbus/shmbus.toml\fR, \fI~/.config/shmbus/shmbus.toml
the user's configuration, if
.B SHMBUS_CONFIG
names no other
.TP
.I /etc/shmbus/shmbus.toml
that of the machine, for users without one
.TP
.I /dev/shm/shmbus.<uid>/
the buses of a user, if no other directory is set
)";

constexpr auto exit_status = R"(.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
an error
.TP
.B 2
wrong usage
.TP
.B 3
timed out
)";

}  // namespace

std::string manual(CLI::App& app)
{
  std::string text = ".TH SHMBUS 1 \"\" \"shmbus " SHMBUS_VERSION "\" \"User Commands\"\n";
  text += ".SH NAME\nshmbus \\- publish and subscribe between processes through shared memory\n";
  text += ".SH SYNOPSIS\n" + bold("shmbus") + " [" + italic("OPTIONS") + "] " + italic("COMMAND") +
          " ...\n";
  text += ".SH DESCRIPTION\n" + plain(app.get_description()) + "\n";
  text += ".SH OPTIONS\n" + options(app);
  text += ".SH COMMANDS\n";
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (sub->get_group().empty()) continue;  // hidden
    text += ".SS " + plain(sub->get_name()) + "\n" + synopsis(*sub) + "\n.PP\n" +
            plain(sub->get_description()) + ".\n" + options(*sub) + as_laid_out(sub->get_footer());
  }
  return text + settings() + files + exit_status;
}

}  // namespace shmbus::command
