#include "core/bells.hpp"
#include "core/fixture.hpp"
#include "core/recovery.hpp"
#include "shmbus/errc.hpp"

#include <chrono>
#include <memory>
#include <vector>

using namespace shmbus;

namespace {

struct fixture : core_fixture {
  std::unique_ptr<core::leased_bell> lease() { return core::leased_bell::lease(bus, ec); }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "bells: as many as clients, each for one, and back when they go")
{
  std::vector<std::unique_ptr<core::leased_bell>> all;
  for (int i = 0; i != 32; ++i) {
    all.push_back(lease());
    REQUIRE(all.back());
    CHECK(all.back()->index() == static_cast<std::uint32_t>(i));
  }
  CHECK(lease() == nullptr);
  CHECK(ec == errc::too_many_clients);
  all.erase(all.begin() + 7);
  const auto again = lease();
  REQUIRE(again);
  CHECK(again->index() == 7);
}

TEST_CASE_FIXTURE(fixture, "bells: only an armed one rings")
{
  const auto bell = lease();
  const std::uint32_t before = *bell->word();
  bell->ring();
  CHECK(*bell->word() == before);
  const std::uint32_t ticket = bell->arm();
  CHECK_FALSE(bell->rung_since(ticket));
  bell->ring();
  CHECK(bell->rung_since(ticket));
  bell->ring();  // nobody has armed it since
  CHECK(*bell->word() == ticket + 1);
  CHECK(bell->sleep(ticket, std::nullopt) == shm::wait_result::woken);
  bell->arm();
  bell->disarm();
  bell->ring();
  CHECK(*bell->word() == ticket + 1);
}

TEST_CASE_FIXTURE(fixture, "bells: telling a client sets both bits, and rings")
{
  const auto bell = lease();
  const auto pub = join(core::client_role::publisher), sub = join(core::client_role::subscriber);
  core::notify(*bus, sub.slot, pub.slot);  // it has no bell yet
  CHECK(bus->pending(sub.slot)[0].load(core::seq_cst) == core::bit_mask(pub.slot));
  bus->slot(sub.slot).bell.store(bell->index() + 1, core::seq_cst);
  const auto ticket = bell->arm();
  core::notify(*bus, sub.slot, pub.slot);
  CHECK(bell->pending()[0].load(core::seq_cst) == core::bit_mask(sub.slot));
  CHECK(bell->rung_since(ticket));
}

TEST_CASE_FIXTURE(fixture, "bells: the number of no bell rings none")
{
  const auto sub = join(core::client_role::subscriber);
  for (const std::uint64_t wrong : {std::uint64_t{33}, ~std::uint64_t{0}}) {
    bus->slot(sub.slot).bell.store(wrong, core::seq_cst);
    core::notify(*bus, sub.slot, 0);
  }
  CHECK(bus->pending(sub.slot)[0].load(core::seq_cst) == 1);
}

TEST_CASE_FIXTURE(fixture, "bells: one whose owner died is free again")
{
  // As a killed process leaves it: live, and its lock byte free.
  bus->bell(0).state.store(core::slot_word{core::slot_state::live, 4}.pack(), core::seq_cst);
  bus->header().bells_high_water.store(1, core::seq_cst);
  core::sweep_bells(*bus);
  CHECK(core::slot_word::unpack(bus->bell(0).state.load(core::seq_cst)).state ==
        core::slot_state::free);
  const auto bell = lease();
  REQUIRE(bell);
  CHECK(bell->index() == 0);
  core::sweep_bells(*bus);  // of one that lives nothing is taken
  CHECK(core::slot_word::unpack(bus->bell(0).state.load(core::seq_cst)).state ==
        core::slot_state::live);
}
