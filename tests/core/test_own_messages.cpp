#include "core/own_messages.hpp"
#include "test.hpp"

#include <atomic>
#include <thread>
#include <vector>

using namespace shmbus;
using core::own_block;
using core::own_messages;

TEST_CASE("own_messages: what was given back last is taken first")
{
  own_messages own;
  own_block* a = own.take(10);
  own_block* b = own.take(core::small_message::capacity);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a != b);
  CHECK(own.held() == 2);
  CHECK_FALSE(own.give_back(*a));
  CHECK(own.held() == 1);
  CHECK(own.take(1) == a);
  own.give_back(*a);
  own.give_back(*b);
  CHECK(own.held() == 0);
}

TEST_CASE("own_messages: large ones are given back to the system")
{
  own_messages own;
  own_block* large = own.take(1 << 20);
  REQUIRE(large);
  CHECK(large->capacity == 1 << 20);
  own.give_back(*large);
  CHECK(own.held() == 0);
  own_block* small = own.take(1);
  CHECK(small->capacity == core::small_message::capacity);
  own.give_back(*small);
}

TEST_CASE("own_messages: other threads give back while one takes")
{
  own_messages own;
  constexpr int count = 20'000;
  std::vector<std::atomic<own_block*>> handed(64);
  std::atomic<int> returned{0};
  std::vector<std::thread> others;
  for (int t = 0; t != 2; ++t) {
    others.emplace_back([&] {
      while (returned.load() < count) {
        bool any = false;
        for (auto& h : handed) {
          if (own_block* b = h.exchange(nullptr)) {
            own.give_back(*b);
            ++returned;
            any = true;
          }
        }
        if (!any) std::this_thread::yield();
      }
    });
  }
  for (int taken = 0; taken != count;) {
    for (auto& h : handed) {
      if (taken == count || h.load() != nullptr) continue;
      h.store(own.take(8));
      ++taken;
    }
    std::this_thread::yield();
  }
  for (auto& t : others) t.join();
  CHECK(own.held() == 0);
}

TEST_CASE("own_messages: the last one that comes back after the end says so, once")
{
  own_messages none;
  CHECK(none.finish());
  own_messages own;
  std::vector<own_block*> held;
  for (int i = 0; i != 4; ++i) held.push_back(own.take(i == 2 ? 5000 : 8));
  own.give_back(*held[0]);
  CHECK_FALSE(own.finish());
  CHECK_FALSE(own.give_back(*held[1]));
  std::thread([&] { CHECK_FALSE(own.give_back(*held[2])); }).join();
  CHECK(own.give_back(*held[3]));
}
