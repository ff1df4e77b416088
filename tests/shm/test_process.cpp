#include "idle_process.hpp"
#include "shm/process.hpp"

using namespace shmbus;
using shm::look_up_process;
using shm::parse_stat;

TEST_CASE("a stopped process is told from one that goes on, and from one that there is not")
{
  idle_process child;
  CHECK_FALSE(look_up_process(child.pid()).stopped);
  child.stop();
  CHECK(look_up_process(child.pid()).stopped);
  child.end();
  CHECK_FALSE(look_up_process(child.pid()).stopped);
  CHECK_FALSE(look_up_process(0).stopped);
}

TEST_CASE("the state of a process is read behind its name, whatever that holds")
{
  CHECK(parse_stat("77 (cat) S 1 2").name == "cat");
  CHECK_FALSE(parse_stat("77 (cat) S 1 2").stopped);
  CHECK(parse_stat("77 (a) T (b) T 1 2").name == "a) T (b");
  CHECK(parse_stat("77 (a) T (b) T 1 2").stopped);
  CHECK(parse_stat("").name.empty());
  CHECK(parse_stat("77 (cat)").name == "cat");
}
