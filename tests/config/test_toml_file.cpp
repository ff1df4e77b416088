#include "config/problem.hpp"
#include "config/toml_file.hpp"
#include "fixture.hpp"
#include "shmbus/errc.hpp"
#include "test.hpp"

#include <string>

using namespace shmbus::config;

TEST_CASE("parse_toml: gives keys and tables in their order, with their places")
{
  const auto nodes = parse_toml("name = \"x\"\n[bus.plant]\n  open = true\n[a]\n", "f");
  REQUIRE(nodes.size() == 5);
  CHECK(nodes[0].path == std::vector<std::string>{"name"});
  CHECK(shown(nodes[0].given) == "\"x\"");
  CHECK(nodes[1].path == std::vector<std::string>{"bus"});
  CHECK(nodes[2].path == std::vector<std::string>{"bus", "plant"});
  CHECK(nodes[2].is_table);
  CHECK(nodes[3].path == std::vector<std::string>{"bus", "plant", "open"});
  CHECK_FALSE(nodes[3].is_table);
  CHECK(nodes[3].line == 3);
  CHECK(nodes[3].column == 3);
  CHECK(nodes[4].line == 4);
}

TEST_CASE("parse_toml: what no key takes is named in words")
{
  const auto nodes = parse_toml("a = [1]\nb = 1.5\nc = 2020-01-01\nd = {e = 1}", "f");
  REQUIRE(nodes.size() == 5);
  CHECK(shown(nodes[0].given) == "an array");
  CHECK(shown(nodes[1].given) == "a number with a point");
  CHECK(shown(nodes[2].given) == "a date or time");
  CHECK(shown(nodes[3].given) == "a table");
  CHECK(nodes[4].path == std::vector<std::string>{"d", "e"});
}

TEST_CASE("parse_toml: an empty document has nothing in it")
{
  CHECK(parse_toml("", "f").empty());
  CHECK(parse_toml("# a comment\n", "f").empty());
}

TEST_CASE("parse_toml: what is no TOML is refused with its place")
{
  for (const std::string document :
       {"ok = 1\nname = ", "ok = 1\nname = \"x", "ok = 1\nok = 2", "ok = 1\n[x"}) {
    try {
      parse_toml(document, "the file");
      FAIL("was taken: ", document);
    } catch (const problem& p) {
      CHECK(p.code() == shmbus::errc::invalid_config);
      INFO(std::string(p.what()));
      CHECK(std::string(p.what()).starts_with("the file:2:"));
    }
  }
}

TEST_CASE("parse_toml: what is no UTF-8 is refused")
{
  CHECK_THROWS_AS(parse_toml("name = \"\xff\"", "f"), problem);
}

TEST_CASE("read_file: gives what is in the file, however long")
{
  const shmbus::test::own_environment environment;
  const std::string text(10000, 'x');
  CHECK(read_file(environment.write("long", text)) == text);
  CHECK(read_file("/dev/null").empty());
}

TEST_CASE("read_file: a file that cannot be read is the system's error, and named")
{
  try {
    read_file("/no/such/file");
    FAIL("was read");
  } catch (const problem& p) {
    CHECK(p.code() == std::errc::no_such_file_or_directory);
    CHECK(std::string(p.what()) == "cannot read the configuration /no/such/file");
  }
  CHECK_THROWS_AS(read_file("/"), problem);
}
