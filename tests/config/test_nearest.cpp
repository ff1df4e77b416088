#include "config/nearest.hpp"
#include "test.hpp"

#include <string>
#include <vector>

using shmbus::config::advice;
using shmbus::config::nearest;

namespace {
const std::vector<std::string> known = {"name", "max_clients", "max_subscriptions_per_client",
                                        "mode", "open"};
}  // namespace

TEST_CASE(
    "nearest: finds a word with a letter missing, too many, wrong, or in its neighbour's place")
{
  CHECK(nearest("max_client", known) == "max_clients");
  CHECK(nearest("max_cllients", known) == "max_clients");
  CHECK(nearest("max-clients", known) == "max_clients");
  CHECK(nearest("nmae", known) == "name");
  CHECK(nearest("moda", known) == "mode");
}

TEST_CASE("nearest: takes a beginning for the whole")
{
  CHECK(nearest("max_subscriptions", known) == "max_subscriptions_per_client");
}

TEST_CASE("nearest: of several the nearest")
{
  const std::vector<std::string> two = {"block", "clock"};
  CHECK(nearest("clok", two) == "clock");
  CHECK(nearest("blok", two) == "block");
}

TEST_CASE("nearest: nothing if all are far")
{
  CHECK(nearest("zebra", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(100000, 'x'), known).empty());
}

TEST_CASE("advice: names the nearest word, else all")
{
  CHECK(advice("mod", known) == " (did you mean \"mode\"?)");
  const std::vector<std::string> two = {"block", "clock"};
  CHECK(advice("zebra", two) == " (there are: block, clock)");
}
