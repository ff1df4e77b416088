#include "config/variables.hpp"
#include "fixture.hpp"
#include "test.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace shmbus::config;
using shmbus::test::own_environment;

TEST_CASE("variables: each key has one, named like it")
{
  const auto has = [](const std::string& name, const key* sets) {
    return std::any_of(variables().begin(), variables().end(),
                       [&](const variable& v) { return v.name == name && v.sets == sets; });
  };
  CHECK(has("SHMBUS_MAX_CLIENTS", find_key("", "max_clients")));
  CHECK(has("SHMBUS_SUBSCRIBER_MAX_HELD", find_key("subscriber", "max_held")));
  CHECK(has("SHMBUS_BUS", find_key("", "name")));
  CHECK(has("SHMBUS_DIR", find_key("", "directory")));
  CHECK(has("SHMBUS_CONFIG", nullptr));
  for (const auto& k : keys())
    CHECK(std::any_of(variables().begin(), variables().end(),
                      [&](const variable& v) { return v.sets == &k; }));
}

TEST_CASE("unknown_variables: names those that nobody reads, with the nearest")
{
  own_environment environment;
  environment.set("SHMBUS_MAX_CLIENTS", "5");
  CHECK(unknown_variables().empty());
  environment.set("SHMBUS_MAX_CLIENT", "5");
  environment.set("SHMBUS_ZEBRA", "");
  environment.set("OTHER_MAX_CLIENT", "5");
  CHECK(unknown_variables() ==
        std::vector<std::string>{
            R"(nothing reads the variable "SHMBUS_MAX_CLIENT": did you mean SHMBUS_MAX_CLIENTS?)",
            R"(nothing reads the variable "SHMBUS_ZEBRA": unset it)"});
}
