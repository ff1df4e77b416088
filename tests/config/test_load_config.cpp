#include "config/load.hpp"
#include "fixture.hpp"
#include "shmbus/load_config.hpp"
#include "shmbus/sync.hpp"
#include "test.hpp"

#include <filesystem>
#include <string>
#include <system_error>

using namespace shmbus;
using shmbus::test::own_environment;

namespace {

// What the exception says of a file with that text; "FILE" stands for its name.
std::string complaint(const own_environment& environment, const std::string& text)
{
  const auto file = environment.write("bad.toml", text);
  try {
    load_config(file);
  } catch (const error& e) {
    CHECK(e.code() == errc::invalid_config);
    std::error_code ec;
    load_config(file, ec);
    CHECK(ec == e.code());
    std::string what = e.what();
    if (what.starts_with(file.string())) what.replace(0, file.string().size(), "FILE");
    const std::string tail = ": " + make_error_code(errc::invalid_config).message();
    if (what.ends_with(tail)) what.resize(what.size() - tail.size());
    return what;
  }
  return "was taken";
}

}  // namespace

TEST_CASE("load_config: without a file or variables it is the default")
{
  const own_environment environment;
  const broker_config c = load_config();
  CHECK(c.name == broker_config{}.name);
  CHECK(c.directory.empty());
  CHECK(c.buffer_size == broker_config{}.buffer_size);
  CHECK(c.open == open_mode::open_or_create);
  CHECK_FALSE(c.adopt);
}

TEST_CASE("load_config: the file over the defaults, the environment over the file")
{
  own_environment environment;
  environment.set("SHMBUS_CONFIG",
                  environment.write("a.toml", "name = \"plant\"\nmax_clients = 7\nadopt = true\n"));
  environment.set("SHMBUS_MAX_CLIENTS", "8");
  const broker_config c = load_config();
  CHECK(c.name == "plant");
  CHECK(c.max_clients == 8);
  CHECK(c.adopt);
  CHECK(c.max_subscriptions_per_client == broker_config{}.max_subscriptions_per_client);
}

TEST_CASE("load_config: an empty variable is as good as none")
{
  own_environment environment;
  environment.set("SHMBUS_CONFIG", environment.write("a.toml", "max_clients = 7\n"));
  environment.set("SHMBUS_MAX_CLIENTS", "");
  CHECK(load_config().max_clients == 7);
}

TEST_CASE("load_config: SHMBUS_BUS and SHMBUS_DIR are short for NAME and DIRECTORY, and go first")
{
  own_environment environment;
  environment.set("SHMBUS_NAME", "long");
  environment.set("SHMBUS_DIRECTORY", "/long");
  CHECK(load_config().name == "long");
  CHECK(load_config().directory == "/long");
  CHECK(default_directory() == "/long");
  environment.set("SHMBUS_BUS", "short");
  environment.set("SHMBUS_DIR", "/short");
  CHECK(load_config().name == "short");
  CHECK(load_config().directory == "/short");
  CHECK(default_directory() == "/short");
}

TEST_CASE(
    "load_config: a named file takes the place of the others, and the environment still counts")
{
  own_environment environment;
  environment.set("SHMBUS_CONFIG", environment.write("a.toml", "max_clients = 7\nadopt = true\n"));
  environment.set("SHMBUS_MAX_SUBSCRIPTIONS_PER_CLIENT", "3");
  const auto file = environment.write("b.toml", "max_clients = 9\n");
  CHECK(load_config(file).max_clients == 9);
  CHECK_FALSE(load_config(file).adopt);
  CHECK(load_config(file).max_subscriptions_per_client == 3);
  CHECK(load_config(config_source{.file = file}).max_clients == 9);
}

TEST_CASE("load_config: the user's file is found, in XDG_CONFIG_HOME or HOME")
{
  own_environment environment;
  environment.unset("SHMBUS_CONFIG");
  environment.write("home/.config/shmbus/shmbus.toml", "name = \"home\"\n");
  CHECK(load_config().name == "home");
  const auto xdg = environment.write("xdg/shmbus/shmbus.toml", "name = \"xdg\"\n");
  environment.set("XDG_CONFIG_HOME", xdg.parent_path().parent_path());
  CHECK(load_config().name == "xdg");
  environment.set("XDG_CONFIG_HOME", "relative");  // counts as not set
  CHECK(load_config().name == "home");
}

TEST_CASE("usual_files: the user's before that of the machine")
{
  own_environment environment;
  environment.set("HOME", "/somebody");
  const auto files = config::usual_files();
  REQUIRE(files.size() == 2);
  CHECK(files[0] == "/somebody/.config/shmbus/shmbus.toml");
  CHECK(files[1] == "/etc/shmbus/shmbus.toml");
  environment.unset("HOME");
  CHECK(config::usual_files().size() == 1);
}

TEST_CASE("load_config: the table of a bus goes over what holds for all, and under the environment")
{
  own_environment environment;
  const auto file = environment.write("a.toml", R"(
name = "plant"
max_clients = 7
buffer_size = "1M"
[bus.plant]
max_clients = 9
[bus.office]
max_clients = 11
mode = "0660"
)");
  CHECK(load_config(file).max_clients == 9);
  CHECK(load_config(file).buffer_size == 1048576);
  CHECK(load_config(file).mode == 0600);
  const broker_config office = load_config({.file = file, .bus = "office"});
  CHECK(office.name == "office");
  CHECK(office.max_clients == 11);
  CHECK(office.mode == 0660);
  CHECK(load_config({.file = file, .bus = "other"}).max_clients == 7);
  environment.set("SHMBUS_NAME", "office");
  CHECK(load_config(file).max_clients == 11);
  environment.set("SHMBUS_MAX_CLIENTS", "13");
  CHECK(load_config(file).max_clients == 13);
}

TEST_CASE("load_subscriber_options, load_publisher_options: their tables and variables")
{
  own_environment environment;
  environment.set("SHMBUS_CONFIG", environment.write("a.toml", R"(
[subscriber]
queue_capacity = 5
overflow = "block"
spin_for = "20us"
[publisher]
timestamps = false
)"));
  environment.set("SHMBUS_SUBSCRIBER_QUEUE_CAPACITY", "6");
  const auto s = load_subscriber_options();
  CHECK(s.queue_capacity == 6);
  CHECK(s.max_held == subscriber_options{}.max_held);
  CHECK(s.overflow == overflow::block);
  CHECK(s.spin_for == std::chrono::microseconds(20));
  CHECK_FALSE(load_publisher_options().timestamps);
  environment.set("SHMBUS_PUBLISHER_TIMESTAMPS", "true");
  CHECK(load_publisher_options().timestamps);
  std::error_code ec;
  CHECK(load_subscriber_options({}, ec).queue_capacity == 6);
  CHECK(load_publisher_options({}, ec).timestamps);
  CHECK_FALSE(ec);
}

TEST_CASE("load_config: an unknown key is named with its place and the nearest")
{
  const own_environment environment;
  CHECK(complaint(environment, "\nadopt = true\nmax_client = 5\n") ==
        R"(FILE:3:1: unknown key "max_client" (did you mean "max_clients"?))");
  CHECK(
      complaint(environment, "[bus.plant]\n  max_subscriptions = 5\n") ==
      R"(FILE:2:3: unknown key "max_subscriptions" (did you mean "max_subscriptions_per_client"?))");
  CHECK(complaint(environment, "[publisher]\nzebra = 5\n") ==
        R"(FILE:2:1: unknown key "zebra" (there are: timestamps))");
}

TEST_CASE("load_config: a key in the wrong table is sent to the right one")
{
  const own_environment environment;
  CHECK(complaint(environment, "queue_capacity = 5\n") ==
        R"(FILE:1:1: "queue_capacity" belongs into the table [subscriber])");
  CHECK(complaint(environment, "[publisher]\nmax_clients = 5\n") ==
        R"(FILE:2:1: "max_clients" belongs to the top of the file, or to [bus.NAME])");
  CHECK(complaint(environment, "[bus]\nmax_clients = 5\n") ==
        R"(FILE:2:1: "max_clients" belongs to a bus, whose table is like [bus.plant])");
  CHECK(complaint(environment, "[bus.plant]\nname = \"x\"\n") ==
        "FILE:2:1: the name of a bus stands in its table's: [bus.plant]");
}

TEST_CASE("load_config: an unknown table is named with the nearest, also if it is empty")
{
  const own_environment environment;
  CHECK(complaint(environment, "\n[subscribr]\n") ==
        R"(FILE:2:1: unknown table "subscribr" (did you mean "subscriber"?))");
  CHECK(complaint(environment, "[bus.\"a/b\"]\n") ==
        R"(FILE:1:1: the bus name "a/b" is not 1 to 64 of A-Z a-z 0-9 . _ -)");
  CHECK(complaint(environment, "subscriber = 5\n") ==
        "FILE:1:1: subscriber is a table: [subscriber]");
}

TEST_CASE("load_config: a wrong type or value is named with its place and what the key takes")
{
  const own_environment environment;
  CHECK(complaint(environment, "max_clients = \"many\"\n") ==
        R"(FILE:1:1: max_clients takes a whole number from 2 to 8192, not "many")");
  CHECK(complaint(environment, "max_clients = 1\n") ==
        "FILE:1:1: max_clients takes a whole number from 2 to 8192, not 1");
  CHECK(complaint(environment, "mode = 660\n") ==
        "FILE:1:1: mode takes octal digits in quotes, with read and write for the owner, like "
        "\"0660\", not 660");
  CHECK(complaint(environment, "[max_clients]\nx = 1\n") ==
        "FILE:1:1: max_clients takes a whole number from 2 to 8192, not a table");
  CHECK(
      complaint(environment, "open = [\"open_only\"]\n") ==
      R"(FILE:1:1: open takes one of "open_or_create", "create_only", "open_only", not an array)");
  CHECK(complaint(environment, "[bus.other]\nadopt = 1\n") ==
        "FILE:2:1: adopt takes true or false, not 1");
}

TEST_CASE("load_config: what is no TOML is refused with its place")
{
  const own_environment environment;
  CHECK(complaint(environment, "adopt = true\nname plant\n").starts_with("FILE:2:"));
}

TEST_CASE("load_config: a variable with a value that cannot be is named")
{
  own_environment environment;
  environment.set("SHMBUS_MAX_CLIENTS", "many");
  try {
    load_config();
    FAIL("was taken");
  } catch (const error& e) {
    CHECK(e.code() == errc::invalid_config);
    CHECK(std::string(e.what()).starts_with(
        "SHMBUS_MAX_CLIENTS takes a whole number from 2 to 8192, not \"many\""));
  }
}

TEST_CASE("load_config: a file that is asked for and not there is an error")
{
  own_environment environment;
  CHECK_THROWS_AS(load_config("/no/such/file"), error);
  environment.set("SHMBUS_CONFIG", "/no/such/file");
  CHECK_THROWS_AS(load_config(), error);
  std::error_code ec;
  CHECK(load_config(ec).name == broker_config{}.name);
  CHECK(ec == std::errc::no_such_file_or_directory);
  environment.set("SHMBUS_CONFIG", "/dev/null");
  load_config(ec);
  CHECK_FALSE(ec);
}

TEST_CASE("load_config: a bus is made as the file says")
{
  own_environment environment;
  environment.set("SHMBUS_DIR", std::filesystem::temp_directory_path());
  const auto file = environment.write("a.toml", "name = \"from-file\"\nmax_clients = 7\n");
  const sync::broker bus(load_config(file));
  CHECK(bus.config().name == "from-file");
  CHECK(bus.config().max_clients == 7);
}
