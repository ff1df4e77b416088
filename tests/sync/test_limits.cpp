// Every limit, and the error that enforces it.
#include "sync/fixture.hpp"

#include <unistd.h>

#include <vector>

using namespace shmbus;

namespace {

std::error_code open_error(const broker_config& c)
{
  std::error_code ec;
  const sync::broker bus(c, ec);
  CHECK(bus.is_open() == !ec);
  return ec;
}

struct reading {
  int sensor;
  double value;
};

}  // namespace

TEST_CASE("bus names are 1 to 64 of the allowed characters")
{
  auto c = own_bus();
  for (const std::string bad : {"", "a/b", ".", "..", "a b", "\xc3\xa4"}) {
    c.name = bad;
    CHECK(open_error(c) == errc::invalid_name);
  }
  c.name = std::string(65, 'a');
  CHECK(open_error(c) == errc::invalid_name);
  c.name = std::string(64, 'a');
  CHECK_FALSE(open_error(c));
}

TEST_CASE("absurd limits are refused, and nothing is left of the attempt")
{
  const auto good = own_bus();
  auto c = good;
  c.buffer_size = 0;
  CHECK(open_error(c) == errc::invalid_config);
  c = good;
  c.buffer_size = std::size_t{1} << 50;
  CHECK(open_error(c) == errc::invalid_config);
  c = good;
  c.max_clients = 0;
  CHECK(open_error(c) == errc::invalid_config);
  c = good;
  c.max_subscriptions_per_client = 0;
  CHECK(open_error(c) == errc::invalid_config);
  c = good;
  c.group = "no such group here";
  CHECK(open_error(c) == errc::invalid_config);
  CHECK(list_buses().empty());
  c = good;
  c.directory = "/nonexistent/directory";
  CHECK(open_error(c) == errc::no_such_directory);
  c = good;
  c.open = open_mode::open_only;
  CHECK(open_error(c) == errc::no_such_bus);
}

TEST_CASE("what is wrong with a configuration is said, with the value and its bounds")
{
  const auto says = [](broker_config c) {
    try {
      sync::broker bus(c);
    } catch (const std::system_error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  auto c = own_bus();
  c.max_clients = 1;
  CHECK(says(c).find("max_clients is 1; it may be 2 to 8192") != std::string::npos);
  c = own_bus();
  c.buffer_size = 3;
  CHECK(says(c).find("buffer_size is 3; it may be 65536 to") != std::string::npos);
  c = own_bus();
  c.max_subscriptions_per_client = 0;
  CHECK(says(c).find("max_subscriptions_per_client is 0") != std::string::npos);
  c = own_bus();
  c.mode = 0777;
  CHECK(says(c).find("mode must be") != std::string::npos);
  c = own_bus();
  c.group = "no such group here";
  CHECK(says(c).find("no group 'no such group here'") != std::string::npos);
  c = own_bus();
  c.name = "a/b";
  CHECK(says(c).find("1 to 64 of the characters") != std::string::npos);
  c = own_bus();
  c.open = open_mode::open_only;
  CHECK(says(c).find('(') == std::string::npos);  // nothing is wrong with it
}

TEST_CASE("the first one's limits hold; others are told, or adopt them")
{
  auto c = own_bus();
  const sync::broker first(c);
  c.buffer_size *= 2;
  CHECK(open_error(c) == errc::config_mismatch);
  c.adopt = true;
  const sync::broker adopting(c);
  CHECK(adopting.config().buffer_size == first.config().buffer_size);
  c.open = open_mode::create_only;
  CHECK(open_error(c) == errc::already_exists);
}

TEST_CASE("max_clients are let in, and one more when one leaves")
{
  auto c = own_bus();
  c.max_clients = 4;
  sync::broker bus(c);
  std::vector<sync::subscriber> subs;
  for (int i = 0; i < 4; ++i) subs.emplace_back(bus);
  std::error_code ec;
  sync::publisher none(bus, {}, ec);
  CHECK(ec == errc::too_many_clients);
  subs.pop_back();
  sync::publisher one(bus, {}, ec);
  CHECK_FALSE(ec);
}

TEST_CASE("a bus that is full of publishers that ended says who has not received from them")
{
  auto c = own_bus();
  c.max_clients = 4;
  sync::broker bus(c);
  sync::subscriber slow(bus);
  slow.subscribe("/#");
  const std::string process = std::to_string(::getpid());
  const std::string slot = std::to_string(slow.id().slot);
  for (int i = 0; i < 3; ++i) sync::publisher(bus).publish(topic("/a"), "x");
  for (const bool publisher : {true, false}) {
    try {
      if (publisher)
        sync::publisher{bus};
      else
        sync::subscriber{bus};
      FAIL("it is full");
    } catch (const error& e) {
      CHECK(e.code() == errc::too_many_clients);
      const std::string what = e.what();
      INFO(what);
      CHECK(what.find("3 of 4 places are kept by publishers that ended") != std::string::npos);
      CHECK(what.find("most (3) by the subscriber in slot " + slot + ", process " + process) !=
            std::string::npos);
    }
  }
  for (int i = 0; i < 3; ++i) slow.receive();
  while (slow.try_receive()) {
  }
  sync::publisher{bus}.publish(topic("/a"), "y");
}

TEST_CASE("max_subscriptions_per_client patterns, and another when one is taken away")
{
  auto c = own_bus();
  c.max_subscriptions_per_client = 20;
  sync::broker bus(c);
  sync::subscriber sub(bus);
  for (int i = 0; i < 20; ++i) sub.subscribe("/p/" + std::to_string(i));
  std::error_code ec;
  sub.subscribe("/one/more", ec);
  CHECK(ec == errc::too_many_subscriptions);
  sub.unsubscribe("/p/3");
  sub.subscribe("/one/more", ec);
  CHECK_FALSE(ec);
  sync::publisher pub(bus);
  CHECK(pub.publish(topic("/one/more"), "") == 1);
  CHECK(pub.publish(topic("/p/3"), "") == 0);
  CHECK(pub.publish(topic("/p/19"), "") == 1);
}

TEST_CASE("options of a subscriber have bounds")
{
  sync::broker bus(own_bus());
  for (const subscriber_options bad :
       {subscriber_options{.queue_capacity = 0}, subscriber_options{.queue_capacity = 1 << 20},
        subscriber_options{.max_held = 0}}) {
    std::error_code ec;
    sync::subscriber sub(bus, bad, ec);
    CHECK(ec == errc::invalid_config);
  }
}

TEST_CASE("max_held messages may live; destroying one lets the next come")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.max_held = 3});
  sub.subscribe("/t");
  for (int i = 0; i < 10; ++i) pub.publish(topic("/t"), std::to_string(i));
  std::vector<message> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::move(*sub.try_receive()));
  std::error_code ec;
  CHECK_FALSE(sub.try_receive(ec));
  CHECK(ec == errc::too_many_held);
  held.pop_back();
  CHECK(text_of(sub.try_receive(ec)) == "3");
  CHECK_FALSE(ec);
}

TEST_CASE("a message may be as large as the buffer, and no larger")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  const std::string large(bus.config().buffer_size, 'x');
  CHECK(pub.publish(topic("/t"), large) == 1);
  CHECK(sub.receive().text() == large);
  std::error_code ec;
  pub.publish(topic("/t"), large + 'x', ec);
  CHECK(ec == errc::message_too_large);
}

TEST_CASE("memory that is held or blocked is buffer_full; what may be dropped gives way")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  const std::string quarter(bus.config().buffer_size / 4, 'x');
  const topic t("/t");
  {
    sync::subscriber sub(bus);
    sub.subscribe("/t");
    for (int i = 0; i < 20; ++i) CHECK(pub.publish(t, quarter) == 1);
    std::uint64_t seen = 0;
    while (const auto m = sub.try_receive()) seen += 1 + m->lost_before();
    CHECK(seen == 20);
  }
  sync::subscriber sub(bus, {.overflow = overflow::block});
  sub.subscribe("/t");
  std::error_code ec;
  int sent = 0;
  while (pub.publish(t, quarter, ec) == 1) ++sent;
  CHECK(ec == errc::buffer_full);
  CHECK(sent >= 3);
  sub.receive();
  CHECK(pub.publish(t, quarter, ec) == 1);
}

TEST_CASE("loans are filled in place, shrunk, dropped, and published once")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/#");
  auto l = pub.loan(topic("/a/topic/that/is/longer/than/fits/into/the/head"), 100);
  REQUIRE(l.bytes().size() == 100);
  std::memset(l.bytes().data(), 'y', 100);
  l.shrink(40);
  CHECK(pub.publish(std::move(l)) == 1);
  CHECK(l.empty());
  const auto m = sub.try_receive();
  REQUIRE(m);
  CHECK(m->text() == std::string(40, 'y'));
  CHECK(m->topic() == "/a/topic/that/is/longer/than/fits/into/the/head");
  {
    auto unused = pub.loan(topic("/t"), 1000);
  }
  CHECK_FALSE(sub.try_receive());
  std::error_code ec;
  pub.publish(std::move(l), ec);
  CHECK(ec == std::errc::invalid_argument);
  sync::publisher other(bus);
  auto foreign = other.loan(topic("/t"), 8);
  pub.publish(std::move(foreign), ec);
  CHECK(ec == std::errc::invalid_argument);
  CHECK_FALSE(foreign.empty());
}

TEST_CASE("a loan that can't be published now stays the caller's")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus, {.queue_capacity = 1, .overflow = overflow::block});
  sub.subscribe("/t");
  pub.publish(topic("/t"), "fills the queue");
  auto l = pub.loan<reading>(topic("/t"));
  l->sensor = 7;
  std::error_code ec;
  CHECK(pub.try_publish(std::move(l), ec) == 0);
  CHECK(ec == errc::queue_full);
  CHECK_FALSE(l.empty());
  sub.receive();
  CHECK(pub.try_publish(std::move(l), ec) == 1);
  CHECK(sub.receive().as<reading>().sensor == 7);
}

TEST_CASE("a typed message that is passed on as bytes keeps its type")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/#");
  pub.publish(topic("/reading"), reading{7, 1.5});
  const message m = sub.receive();
  CHECK(m.type() == type_id<reading>());
  pub.publish(topic("/again"), payload_view(m.payload(), m.type()));
  CHECK(sub.receive().as<reading>().value == 1.5);
  pub.publish(topic("/bytes"), "text");
  CHECK(sub.receive().type() == untyped);
}

TEST_CASE("a typed message is read as what it is, and as nothing else")
{
  sync::broker bus(own_bus());
  sync::publisher pub(bus);
  sync::subscriber sub(bus);
  sub.subscribe("/t");
  pub.publish(topic("/t"), reading{3, 1.5});
  pub.publish(topic("/t"), "bytes of any kind");
  const message typed = sub.receive();
  CHECK(typed.as<reading>().value == 1.5);
  CHECK_THROWS_AS(typed.as<int>(), error);
  std::error_code ec;
  CHECK(typed.as<double>(ec) == nullptr);
  CHECK(ec == errc::type_mismatch);
  CHECK_FALSE(sub.receive().is<reading>());
}

TEST_CASE("several buses in one process do not meet")
{
  sync::broker a(own_bus());
  sync::broker b(own_bus());
  sync::publisher pub(a);
  sync::subscriber here(a);
  sync::subscriber there(b);
  here.subscribe("/#");
  there.subscribe("/#");
  CHECK(pub.publish(topic("/t"), "x") == 1);
  CHECK(here.try_receive());
  CHECK_FALSE(there.try_receive());
}

TEST_CASE("moved-from objects can be destroyed, and the last one out removes the bus")
{
  auto c = own_bus();
  {
    sync::broker bus(c);
    sync::publisher p(bus);
    sync::publisher q(std::move(p));
    sync::subscriber s(bus);
    sync::subscriber r(std::move(s));
    r.subscribe("/t");
    CHECK(q.publish(topic("/t"), "x") == 1);
    CHECK(list_buses().size() == 1);
  }
  CHECK(list_buses().empty());
}
