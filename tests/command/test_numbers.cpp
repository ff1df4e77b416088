// Numbers as the command prints them, the beat of messages, and Prometheus' format.
#include "command/hz/beat.hpp"
#include "command/metrics/exposition.hpp"
#include "command/metrics/families.hpp"
#include "command/number.hpp"
#include "test.hpp"

#include <chrono>
#include <string>

using namespace shmbus;
using namespace shmbus::command;
using namespace std::chrono_literals;

TEST_CASE("number: three digits and a unit")
{
  CHECK(short_number(0) == "0");
  CHECK(short_number(7) == "7");
  CHECK(short_number(0.5) == "0.50");
  CHECK(short_number(12.34) == "12.3");
  CHECK(short_number(999) == "999");
  CHECK(short_number(1234) == "1.23k");
  CHECK(short_number(5'000'000) == "5M");
  CHECK(short_bytes(1536) == "1.50K");
  CHECK(short_bytes(64 << 20) == "64M");
}

TEST_CASE("number: times from nanoseconds to days")
{
  CHECK(short_time(0) == "0ns");
  CHECK(short_time(1.5e-6) == "1.50us");
  CHECK(short_time(0.012) == "12ms");
  CHECK(short_time(3) == "3s");
  CHECK(short_time(150) == "2m");
  CHECK(short_time(7200) == "2h");
  CHECK(short_time(200'000) == "2d");
}

TEST_CASE("beat: the rate follows from the gaps, which are one less than the messages")
{
  beat b;
  const beat::clock::time_point t(100s);
  CHECK(b.messages_per_second() == 0);
  b.add(t, 10);
  CHECK(b.messages_per_second() == 0);
  CHECK(b.longest_seconds() == 0);
  b.add(t + 100ms, 10);
  b.add(t + 400ms, 10);
  CHECK(b.messages_per_second() == doctest::Approx(5));
  CHECK(b.bytes_per_second() == doctest::Approx(50));
  CHECK(b.shortest_seconds() == doctest::Approx(0.1));
  CHECK(b.mean_seconds() == doctest::Approx(0.2));
  CHECK(b.longest_seconds() == doctest::Approx(0.3));
}

TEST_CASE("beat: a message that was overtaken has no negative gap")
{
  beat b;
  const beat::clock::time_point t(100s);
  b.add(t + 10ms, 1);
  b.add(t, 1);
  b.add(t + 20ms, 1);
  CHECK(b.shortest_seconds() == 0);
  CHECK(b.longest_seconds() == doctest::Approx(0.01));
}

TEST_CASE("metrics: label values are escaped")
{
  CHECK(label_value("a\\b\"c\nd") == "a\\\\b\\\"c\\nd");
  exposition out;
  out.family("x_total", "counter", "Help.");
  out.sample({{"topic", "/\""}}, 3);
  out.sample({}, 4);
  CHECK(out.text() ==
        "# HELP x_total Help.\n# TYPE x_total counter\nx_total{topic=\"/\\\"\"} 3\nx_total 4\n");
}

TEST_CASE("metrics: nanoseconds are seconds without rounding")
{
  CHECK(seconds_of(0) == "0");
  CHECK(seconds_of(1024) == "0.000001024");
  CHECK(seconds_of(1'500'000'000) == "1.5");
}

TEST_CASE("metrics: the buckets of a histogram count what is below, and the last one all")
{
  core::observed_client c;
  c.id = {3, 2};
  c.role = core::client_role::subscriber;
  c.state = core::slot_state::live;
  c.received = core::subscriber_counts{};
  c.received->latency[5] = 1;
  c.received->latency[11] = 2;
  c.received->latency[39] = 4;
  c.received->latency_ns = 5000;
  core::observation o;
  o.clients = {c};
  const std::string text = as_metrics({{"b", o}});
  const auto has = [&](const std::string& line) {
    return text.find(line + "\n") != std::string::npos;
  };
  const std::string name = "shmbus_latency_seconds";
  CHECK(has(name + R"(_bucket{bus="b",client="3.2",le="0.000001024"} 1)"));
  CHECK(has(name + R"(_bucket{bus="b",client="3.2",le="0.000004096"} 3)"));
  CHECK(has(name + R"(_bucket{bus="b",client="3.2",le="17.179869184"} 3)"));
  CHECK(has(name + R"(_bucket{bus="b",client="3.2",le="+Inf"} 7)"));
  CHECK(has(name + R"(_sum{bus="b",client="3.2"} 0.000005)"));
  CHECK(has(name + R"(_count{bus="b",client="3.2"} 7)"));
}
