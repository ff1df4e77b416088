// Small messages between a writer and a reader, while slots are written that are being read.
#include "core/fixture.hpp"
#include "core/reader.hpp"
#include "core/writer.hpp"

#include <array>
#include <cstring>
#include <string>
#include <thread>

using namespace shmbus;

TEST_CASE_FIXTURE(core_fixture,
                  "small messages: one that is being read is never half of another one")
{
  core::reader* sub = core::reader::join(bus, {.queue_capacity = 1}, ec);
  sub->subscribe("/a", ec);
  const auto pub = core::writer::join(bus, {}, ec);
  REQUIRE_FALSE(ec);
  constexpr std::uint64_t messages = 300'000;
  std::thread publisher([&] {
    std::error_code failed;
    std::array<std::uint64_t, 8> words;
    for (std::uint64_t i = 1; i <= messages; ++i) {
      words.fill(i);
      pub->try_publish(topic("/a"), std::as_bytes(std::span(words)), failed);
    }
  });
  std::uint64_t last = 0;
  std::uint64_t received = 0;
  std::uint64_t torn = 0;
  while (last != messages) {
    message m;
    if (!sub->take(m.implementation(), ec)) continue;
    std::array<std::uint64_t, 8> words;
    REQUIRE(m.payload().size() == sizeof words);
    std::memcpy(words.data(), m.payload().data(), sizeof words);
    for (const std::uint64_t w : words) torn += w != words[0];
    torn += m.sequence() + 1 != words[0];
    received += 1 + m.lost_before();
    CHECK(words[0] > last);
    last = words[0];
  }
  publisher.join();
  CHECK(torn == 0);
  CHECK(received == messages);
  sub->drop();
}

TEST_CASE_FIXTURE(
    core_fixture,
    "small messages: up to 88 bytes with their topic, and chunks beyond, in one order")
{
  core::reader* sub = core::reader::join(bus, {}, ec);
  sub->subscribe("/#", ec);
  const auto pub = core::writer::join(bus, {}, ec);
  REQUIRE_FALSE(ec);
  const topic t("/a");
  for (std::size_t size = 0; size != 200; ++size)
    CHECK(pub->try_publish(t, std::string(size, static_cast<char>(size)), ec) == 1);
  const topic longer("/" + std::string(100, 'l'));
  CHECK(pub->try_publish(longer, "x", ec) == 1);
  for (std::size_t size = 0; size != 200; ++size) {
    message m;
    REQUIRE(sub->take(m.implementation(), ec));
    CHECK(m.text() == std::string(size, static_cast<char>(size)));
    CHECK(m.topic() == "/a");
    CHECK((m.implementation().lane == nullptr) == (size <= 80));
  }
  message m;
  REQUIRE(sub->take(m.implementation(), ec));
  CHECK(m.topic() == longer.name());
  sub->drop();
}

TEST_CASE_FIXTURE(core_fixture,
                  "small messages: to many subscribers of one publisher they go as chunks")
{
  std::vector<core::reader*> subs;
  const auto pub = core::writer::join(bus, {}, ec);
  for (int i = 0; i != 6; ++i) {
    subs.push_back(core::reader::join(bus, {}, ec));
    subs.back()->subscribe("/a", ec);
    REQUIRE_FALSE(ec);
    CHECK(pub->try_publish(topic("/a"), "x", ec) == subs.size());
    for (auto* sub : subs) {
      message m;
      REQUIRE(sub->take(m.implementation(), ec));
      CHECK(m.text() == "x");
      CHECK((m.implementation().lane == nullptr) == (subs.size() <= 4));
    }
  }
  for (auto* sub : subs) sub->drop();
}
