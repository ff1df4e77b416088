#include "core/bells.hpp"
#include "core/deputies.hpp"
#include "core/fixture.hpp"

#include <chrono>
#include <memory>
#include <vector>

using namespace shmbus;
using namespace std::chrono_literals;

TEST_CASE_FIXTURE(mortal_fixture, "deputies: those whose bells come first, and who has none")
{
  CHECK(core::is_deputy(*bus));
  std::vector<std::shared_ptr<core::bus>> handles;
  std::vector<std::unique_ptr<core::leased_bell>> bells;
  for (int i = 0; i != 5; ++i) {
    handles.push_back(another_handle());
    bells.push_back(core::leased_bell::lease(handles.back(), ec));
    REQUIRE(bells.back());
  }
  for (int i = 0; i != 5; ++i) CHECK(core::is_deputy(*handles[i]) == (i < 3));
  bells[0] = nullptr;
  CHECK(core::is_deputy(*handles[3]));
  CHECK_FALSE(core::is_deputy(*handles[4]));
}

TEST_CASE_FIXTURE(mortal_fixture,
                  "deputies: who is not told of deaths looks seldom while two others are")
{
  CHECK(core::look_interval(*bus) == 1s);
  auto a = core::leased_bell::lease(bus, ec);
  auto b = core::leased_bell::lease(bus, ec);
  a->told_of_deaths(true);
  CHECK(core::look_interval(*bus) == 1s);
  b->told_of_deaths(true);
  CHECK(core::look_interval(*bus) == 10s);
  a = nullptr;
  CHECK(core::look_interval(*bus) == 1s);
  a = core::leased_bell::lease(bus, ec);  // nothing of its last owner is left
  CHECK(core::look_interval(*bus) == 1s);
}
