#include "config/keys.hpp"
#include "test.hpp"

#include <chrono>
#include <set>
#include <string>
#include <vector>

using namespace shmbus::config;
using namespace std::string_literals;

namespace {

// Whether the key takes the value.
bool takes(const std::string& table, const std::string& name, const value& v, settings& s)
{
  const key* k = find_key(table, name);
  REQUIRE(k);
  return k->set(s, v);
}

bool takes(const std::string& name, const value& v)
{
  settings ignored;
  return takes("", name, v, ignored);
}

std::int64_t n(std::int64_t number) { return number; }

}  // namespace

TEST_CASE("keys: each has a name of its own, and says what it takes and is for")
{
  std::set<std::string> paths;
  for (const auto& k : keys()) {
    CHECK(paths.insert(k.path()).second);
    CHECK_FALSE(k.takes.empty());
    CHECK_FALSE(k.about.empty());
  }
  CHECK(find_key("", "max_held") == nullptr);
  CHECK(find_key("subscriber", "max_held") != nullptr);
  CHECK(key_names("publisher") == std::vector<std::string>{"timestamps"});
}

TEST_CASE("keys: each sets its field")
{
  settings s;
  CHECK(takes("", "name", "plant"s, s));
  CHECK(takes("", "directory", "/dev/shm/plant"s, s));
  CHECK(takes("", "buffer_size", "1M"s, s));
  CHECK(takes("", "max_clients", n(7), s));
  CHECK(takes("", "max_subscriptions_per_client", n(8), s));
  CHECK(takes("", "preallocate", true, s));
  CHECK(takes("", "mode", "0660"s, s));
  CHECK(takes("", "group", "users"s, s));
  CHECK(takes("", "open", "open_only"s, s));
  CHECK(takes("", "adopt", true, s));
  CHECK(s.bus.name == "plant");
  CHECK(s.bus.directory == "/dev/shm/plant");
  CHECK(s.bus.buffer_size == 1048576);
  CHECK(s.bus.max_clients == 7);
  CHECK(s.bus.max_subscriptions_per_client == 8);
  CHECK(s.bus.preallocate);
  CHECK(s.bus.mode == 0660);
  CHECK(s.bus.group == "users");
  CHECK(s.bus.open == shmbus::open_mode::open_only);
  CHECK(s.bus.adopt);

  CHECK(takes("subscriber", "queue_capacity", n(9), s));
  CHECK(takes("subscriber", "max_held", n(10), s));
  CHECK(takes("subscriber", "overflow", "block"s, s));
  CHECK(takes("subscriber", "spin_for", "20us"s, s));
  CHECK(takes("publisher", "timestamps", false, s));
  CHECK(s.subscriber.queue_capacity == 9);
  CHECK(s.subscriber.max_held == 10);
  CHECK(s.subscriber.overflow == shmbus::overflow::block);
  CHECK(s.subscriber.spin_for == std::chrono::microseconds(20));
  CHECK_FALSE(s.publisher.timestamps);
}

TEST_CASE("keys: each word of an enumeration means its value")
{
  using shmbus::open_mode;
  using shmbus::overflow;
  settings s;
  CHECK(takes("", "open", "create_only"s, s));
  CHECK(s.bus.open == open_mode::create_only);
  CHECK(takes("", "open", "open_or_create"s, s));
  CHECK(s.bus.open == open_mode::open_or_create);
  CHECK(takes("subscriber", "overflow", "drop_newest"s, s));
  CHECK(s.subscriber.overflow == overflow::drop_newest);
  CHECK(takes("subscriber", "overflow", "drop_oldest"s, s));
  CHECK(s.subscriber.overflow == overflow::drop_oldest);
  CHECK_FALSE(takes("", "open", "OPEN_ONLY"s, s));
  CHECK_FALSE(takes("subscriber", "overflow", ""s, s));
}

TEST_CASE("keys: numbers keep within the limits of the library")
{
  CHECK_FALSE(takes("max_clients", n(1)));
  CHECK(takes("max_clients", n(2)));
  CHECK(takes("max_clients", n(8192)));
  CHECK_FALSE(takes("max_clients", n(8193)));
  CHECK_FALSE(takes("max_clients", n(4294967298)));  // 2, if cut to 32 bits
  CHECK_FALSE(takes("max_subscriptions_per_client", n(0)));
  CHECK_FALSE(takes("buffer_size", n(65535)));
  CHECK(takes("buffer_size", n(65536)));
  CHECK(takes("buffer_size", "32G"s));
  CHECK_FALSE(takes("buffer_size", "33G"s));
  settings s;
  CHECK_FALSE(takes("subscriber", "queue_capacity", n(0), s));
  CHECK_FALSE(takes("subscriber", "max_held", n(65537), s));
}

TEST_CASE("keys: a value of another type is refused, and changes nothing")
{
  settings s;
  for (const auto& k : keys()) CHECK_FALSE(k.set(s, unusable{"an array"}));
  for (const auto* name : {"name", "directory", "mode", "group", "open", "preallocate", "adopt"})
    CHECK_FALSE(takes("", name, n(660), s));
  for (const auto* name : {"max_clients", "max_subscriptions_per_client", "preallocate", "adopt"})
    CHECK_FALSE(takes("", name, "5"s, s));
  CHECK(s.bus.name == shmbus::broker_config{}.name);
  CHECK(s.bus.max_clients == shmbus::broker_config{}.max_clients);
  CHECK(s.bus.mode == shmbus::broker_config{}.mode);
}

TEST_CASE("keys: a name is one that a bus may have")
{
  for (const auto* name : {"", ".", "..", "a/b", "~a", "a b"})
    CHECK_FALSE(takes("name", std::string(name)));
  CHECK_FALSE(takes("name", std::string(65, 'x')));
}

TEST_CASE("keys: a directory in a file is absolute, in the environment as one likes")
{
  CHECK_FALSE(takes("directory", "buses"s));
  CHECK_FALSE(takes("directory", ""s));
  CHECK_FALSE(takes("directory", "/a\0b"s));
  CHECK(takes("directory", plain_text{"buses"}));
}

TEST_CASE("keys: a mode is octal, with read and write for the owner and no other bits but these")
{
  settings s;
  for (const auto* mode : {"600", "0660", "666", "0640"}) CHECK(takes("mode", std::string(mode)));
  for (const auto* mode : {"", "0", "060", "0400", "0700", "999", "rw", "0o660", "660 ", "100660"})
    CHECK_FALSE(takes("mode", std::string(mode)));
  CHECK(takes("", "mode", plain_text{"660"}, s));
  CHECK(s.bus.mode == 0660);
}
