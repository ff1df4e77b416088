// What `shmbus top` makes of what it sees, without a screen or a bus.
#include "command/top/cells.hpp"
#include "command/top/frame.hpp"
#include "command/top/ordering.hpp"
#include "command/top/payload.hpp"
#include "command/top/picture.hpp"
#include "command/top/process.hpp"
#include "command/top/report.hpp"
#include "test.hpp"

#include <algorithm>
#include <chrono>
#include <clocale>
#include <string>
#include <utility>
#include <vector>

using namespace shmbus;
using namespace shmbus::command;
using namespace std::chrono_literals;

namespace {

core::observed_client publisher(std::uint32_t slot, std::vector<core::topic_counts> topics)
{
  core::observed_client c;
  c.id = {slot, 1};
  c.role = core::client_role::publisher;
  c.state = core::slot_state::live;
  c.published = core::publisher_counts{0, 0, std::move(topics)};
  return c;
}

core::observed_client subscriber(std::uint32_t slot, std::vector<std::string> patterns)
{
  core::observed_client c;
  c.id = {slot, 1};
  c.role = core::client_role::subscriber;
  c.state = core::slot_state::live;
  c.patterns = std::move(patterns);
  c.received = core::subscriber_counts{};
  return c;
}

core::observation at(std::chrono::seconds t, std::vector<core::observed_client> clients)
{
  core::observation o;
  o.at = std::chrono::steady_clock::time_point(1000s + t);
  o.buffer_size = 1 << 20;
  o.max_clients = 10;
  o.clients = std::move(clients);
  return o;
}

painter nobody_knows()
{
  return painter([](auto&) { return std::pair{std::string(), false}; });
}

picture with_topics(std::vector<std::string> names)
{
  picture p;
  p.buffer_size = 1 << 20;
  for (std::size_t i = 0; i != names.size(); ++i) {
    topic_row t;
    t.topic = names[i];
    t.messages_per_second = static_cast<double>(i);
    p.topics.push_back(t);
  }
  return p;
}

std::vector<std::string> topics_of(const picture& p)
{
  std::vector<std::string> names;
  for (const auto& t : p.topics) names.push_back(t.topic);
  return names;
}

key special(special_key k) { return {k, 0}; }
key letter(char c) { return {special_key::none, c}; }

std::string text_of(const std::vector<frame_line>& lines)
{
  std::string all;
  for (const auto& l : lines) all += l.text + "\n";
  return all;
}

}  // namespace

TEST_CASE("top: a rate is what a counter rose by between two looks")
{
  auto p = nobody_knows();
  const auto first = p.paint(at(0s, {publisher(0, {{"/a", 100, 1000, 0, 10, 0}})}));
  REQUIRE(first.topics.size() == 1);
  CHECK_FALSE(first.topics[0].messages_per_second);
  CHECK_FALSE(first.messages_per_second);
  const auto second = p.paint(at(2s, {publisher(0, {{"/a", 150, 2000, 0, 20, 0}})}));
  CHECK(second.topics[0].messages_per_second == 25.0);
  CHECK(second.topics[0].bytes_per_second == 500.0);
  CHECK(second.topics[0].last_size == 20);
  CHECK(second.messages_per_second == 25.0);
}

TEST_CASE("top: what a new publisher sent counts, what one that left had sent does not")
{
  auto p = nobody_knows();
  p.paint(
      at(0s, {publisher(0, {{"/a", 100, 0, 0, 0, 0}}), publisher(1, {{"/a", 70, 0, 0, 0, 0}})}));
  const auto next = p.paint(
      at(1s, {publisher(0, {{"/a", 101, 0, 0, 0, 0}}), publisher(2, {{"/a", 5, 0, 0, 0, 0}})}));
  CHECK(next.topics[0].messages_per_second == 6.0);
  CHECK(next.topics[0].publishers == 2);
}

TEST_CASE("top: counters that fell are not negative rates")
{
  auto p = nobody_knows();
  p.paint(at(0s, {publisher(0, {{"/a", 100, 100, 0, 0, 0}})}));
  const auto next = p.paint(at(1s, {publisher(0, {{"/a", 50, 50, 0, 0, 0}})}));
  CHECK(next.topics[0].messages_per_second == 0.0);
  CHECK(next.clients[0].messages_per_second == 0.0);
}

TEST_CASE("top: the subscribers of a topic are those with a pattern that matches")
{
  auto p = nobody_knows();
  auto dead = subscriber(4, {"/a/b"});
  dead.dead = true;
  const auto now = p.paint(at(
      0s, {publisher(0, {{"/a/b", 1, 0, 0, 0, 0}, {"/c", 1, 0, 0, 0, 0}}),
           subscriber(1, {"/a/#", "/a/b"}), subscriber(2, {"/*/b"}), subscriber(3, {"/x"}), dead}));
  CHECK(now.topics[0].subscribers == 2);
  CHECK(now.topics[1].subscribers == 0);
}

TEST_CASE("top: the age of a message is known from its time, else from when it was first seen")
{
  auto p = nobody_knows();
  const std::uint64_t sent = 999'000'000'000;
  auto now = p.paint(at(0s, {publisher(0, {{"/t", 1, 0, 0, 0, sent}, {"/u", 1, 0, 0, 0, 0}})}));
  CHECK(now.topics[0].age_seconds == doctest::Approx(1));
  CHECK_FALSE(now.topics[1].age_seconds);
  p.paint(at(1s, {publisher(0, {{"/t", 1, 0, 0, 0, sent}, {"/u", 2, 0, 0, 0, 0}})}));
  now = p.paint(at(4s, {publisher(0, {{"/t", 1, 0, 0, 0, sent}, {"/u", 2, 0, 0, 0, 0}})}));
  CHECK(now.topics[0].age_seconds == doctest::Approx(5));
  CHECK(now.topics[1].age_seconds == doctest::Approx(3));
}

TEST_CASE("top: another bus begins with no rates")
{
  auto p = nobody_knows();
  p.paint(at(0s, {publisher(0, {{"/a", 100, 0, 0, 0, 0}})}));
  p.start_anew();
  CHECK_FALSE(p.paint(at(1s, {publisher(0, {{"/a", 200, 0, 0, 0, 0}})})).messages_per_second);
}

TEST_CASE("top: lanes say how full queues are, what is held and lost, and who keeps the dead")
{
  auto p = nobody_knows();
  auto orphan = publisher(0, {});
  orphan.state = core::slot_state::dead;
  auto seen = at(0s, {orphan, publisher(1, {}), subscriber(2, {})});
  seen.lanes.push_back({{0, 1}, {2, 1}, 10, 5, 5, 0, 0, 0});
  seen.lanes.push_back({{1, 1}, {2, 1}, 10, 30, 2, 20, 3, 8});
  const auto now = p.paint(seen);
  CHECK(now.clients[0].state == "orphan");
  CHECK(now.clients[0].pins == 1);
  CHECK(now.clients[1].lost == 8);
  CHECK(now.clients[1].pins == 0);
  CHECK(now.clients[2].queue_fill == doctest::Approx(0.5));
  CHECK(now.clients[2].queued == 7);
  CHECK(now.clients[2].held == 3);
  CHECK(now.clients[2].pins == 1);
}

TEST_CASE("top: a client is alive, stopped, dead, or what its slot says")
{
  painter p([](auto& c) { return std::pair{std::string("cat"), c.id.slot == 1}; });
  auto dead = subscriber(2, {});
  dead.dead = true;
  auto leaving = subscriber(3, {});
  leaving.state = core::slot_state::leaving;
  const auto now = p.paint(at(0s, {publisher(0, {}), publisher(1, {}), dead, leaving}));
  std::vector<std::string> states;
  for (const auto& c : now.clients) states.push_back(c.state);
  CHECK(states == std::vector<std::string>{"alive", "stopped", "dead", "leaving"});
  CHECK(now.clients[0].process == "cat");
}

TEST_CASE("top: a quantile is the end of the bucket it lies in")
{
  std::array<std::uint64_t, core::latency_buckets> counts{};
  CHECK_FALSE(quantile(counts, 0.5));
  counts[10] = 3;
  counts[20] = 1;
  CHECK(quantile(counts, 0.5) == doctest::Approx(1.024e-6));
  CHECK(quantile(counts, 0.99) == doctest::Approx(1.048576e-3));
}

TEST_CASE("top: topics are sorted by number, the largest first, and by name where that is the same")
{
  auto p = with_topics({"/a", "/b", "/c"});
  p.topics[2].messages_per_second = 1.0;
  sort_topics(p.topics, sort_key::rate, false);
  CHECK(topics_of(p) == std::vector<std::string>{"/b", "/c", "/a"});
  sort_topics(p.topics, sort_key::rate, true);
  CHECK(topics_of(p).front() == "/a");
}

TEST_CASE("top: keys to sort by come one after the other, and again")
{
  auto k = sort_key::name;
  for (int i = 0; i != 6; ++i) k = next_topic_key(k);
  CHECK(k == sort_key::name);
  CHECK(next_topic_key(sort_key::losses) == sort_key::name);
  CHECK(sort_key_named("lost") == sort_key::losses);
  CHECK_FALSE(sort_key_named("nothing"));
}

TEST_CASE("top: a filter is part of a topic, or a pattern")
{
  const auto filtered = [](const char* text) {
    auto p = with_topics({"/a/b", "/a/c", "/b", ""});
    filter_topics(p.topics, text);
    return topics_of(p);
  };
  CHECK(filtered("").size() == 4);
  CHECK(filtered("b") == std::vector<std::string>{"/a/b", "/b"});
  CHECK(filtered("/a/*") == std::vector<std::string>{"/a/b", "/a/c"});
  CHECK(filtered("/#").size() == 3);
  CHECK(filtered("*").empty());  // no pattern, and no topic has it
}

TEST_CASE("top: text is cut and filled to cells, whatever a character takes of them")
{
  std::setlocale(LC_CTYPE, "C.UTF-8");
  CHECK(fitted("abc", 5) == "abc  ");
  CHECK(fitted("abc", 5, true) == "  abc");
  CHECK(fitted("abcdef", 4) == "abc~");
  CHECK(fitted("abc", 0).empty());
  CHECK(fitted("日本語", 4) == "日~ ");
  CHECK(fitted("日本語", 6) == "日本語");
  CHECK(showable("a\x1b[2J") == "a\\x1b[2J");
  CHECK(cells_of("äö") == 2);
  std::setlocale(LC_CTYPE, "C");
  CHECK(showable("ä") == "?");
}

TEST_CASE("top: every line of every page fits, however small the screen")
{
  scene s;
  s.bus = "bus 'a-bus-with-a-long-name' in /dev/shm/shmbus.0";
  s.picture =
      with_topics({"/a/topic/that/is/rather/long/for/a/terminal/of/forty/columns", "/b", "/c"});
  s.picture.clients.resize(5);
  for (const auto page : {page::topics, page::clients, page::memory}) {
    for (const bool help : {false, true}) {
      view v;
      v.page = page;
      v.help = help;
      for (const std::size_t width : {1, 5, 20, 40, 80, 300}) {
        for (const std::size_t height : {1, 2, 4, 5, 6, 24}) {
          const auto lines = frame(v, s, width, height);
          CHECK(lines.size() == height);
          for (const auto& l : lines) CHECK(cells_of(l.text) == width);
        }
      }
    }
  }
}

TEST_CASE("top: where it is narrow the columns that matter less are left out")
{
  scene s;
  s.picture = with_topics({"/sensors/temperature"});
  const view v;
  const std::string wide = text_of(frame(v, s, 120, 10));
  CHECK(wide.find("UNHEARD") != std::string::npos);
  const std::string narrow = text_of(frame(v, s, 40, 10));
  CHECK(narrow.find("RATE/S") != std::string::npos);
  CHECK(narrow.find("UNHEARD") == std::string::npos);
  CHECK(narrow.find("/sensors/tem") != std::string::npos);
}

TEST_CASE("top: without a bus it says why, and that it waits")
{
  scene s;
  s.bus = "bus 'x' in /y";
  s.problem = "no such bus";
  const std::string text = text_of(frame(view{}, s, 60, 8));
  CHECK(text.find("no such bus") != std::string::npos);
  CHECK(text.find("waiting") != std::string::npos);
}

TEST_CASE("top: the selection follows its row, and moves within the rows there are")
{
  view v;
  const std::vector<std::string> names = {"/a", "/b", "/c"};
  v.press(special(special_key::down), names, 10);
  CHECK(v.selected == "/b");
  CHECK(v.selected_row({"/c", "/b"}) == 1);
  CHECK(v.selected_row({"/x"}) == 0);
  v.press(special(special_key::page_down), names, 10);
  CHECK(v.selected == "/c");
  v.press(letter('k'), names, 10);
  CHECK(v.selected == "/b");
  v.press(special(special_key::home), names, 10);
  v.press(special(special_key::up), names, 10);
  CHECK(v.selected == "/a");
  v.press(special(special_key::down), {}, 10);
  CHECK(v.selected == "/a");
}

TEST_CASE("top: a filter is typed character by character, and Esc drops it")
{
  view v;
  for (const char c : std::string("/q\xc3\xa4")) v.press(letter(c), {}, 10);
  CHECK(v.filter == "q\xc3\xa4");  // q is no command while one types
  v.press(special(special_key::backspace), {}, 10);
  CHECK(v.filter == "q");
  v.press(special(special_key::enter), {}, 10);
  CHECK_FALSE(v.typing_filter);
  v.press(special(special_key::escape), {}, 10);
  CHECK(v.filter.empty());
  CHECK_FALSE(v.quit);
  v.press(letter('q'), {}, 10);
  CHECK(v.quit);
}

TEST_CASE("top: keys turn pages, sort, pause, help, and open a topic")
{
  view v;
  v.press(letter('\t'), {}, 10);
  CHECK(v.page == page::clients);
  v.press(letter('m'), {}, 10);
  CHECK(v.page == page::memory);
  v.press(letter('t'), {}, 10);
  v.press(letter('s'), {}, 10);
  CHECK(v.topics_by == sort_key::bytes);
  v.press(letter('r'), {}, 10);
  CHECK(v.reversed);
  v.press(letter(' '), {}, 10);
  CHECK(v.paused);
  v.press(letter('?'), {}, 10);
  CHECK(v.help);
  v.press(letter('c'), {}, 10);  // any key
  CHECK_FALSE(v.help);
  CHECK(v.page == page::topics);
  v.press(special(special_key::enter), {"/a", "/b"}, 10);
  CHECK(v.tapped);
  CHECK(v.selected == "/a");
  v.press(special(special_key::escape), {"/a", "/b"}, 10);
  CHECK_FALSE(v.tapped);
  v.selected = "";
  v.press(special(special_key::enter), {""}, 10);
  CHECK_FALSE(v.tapped);  // all the other topics are no topic
}

TEST_CASE("top: a payload is shown as text, with what is not printable escaped")
{
  const auto lines = payload_lines("one\ntwo\x1b", payload_format::text, 20, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == fitted("two\\x1b", 20));
  CHECK(payload_lines("", payload_format::text, 10, 10)[0] == "(empty)   ");
  CHECK(payload_lines("abcdef", payload_format::text, 4, 10) ==
        std::vector<std::string>{"abcd", "ef  "});
  CHECK(payload_lines("\xff\xfe", payload_format::text, 20, 10)[0] == fitted("\\xff\\xfe", 20));
}

TEST_CASE("top: a payload is shown as hexadecimal numbers, also on a narrow screen")
{
  const auto lines = payload_lines("hello, world 0123456789", payload_format::hex, 80, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("00000000  68 65 6c 6c 6f"));
  CHECK(lines[0].find("|hello, world 012|") != std::string::npos);
  for (const auto& l : payload_lines("hello", payload_format::hex, 15, 10)) CHECK(l.size() == 15);
}

TEST_CASE("top: a payload that is JSON is shown indented, any other one as text")
{
  if (next_format(payload_format::hex) != payload_format::json) return;  // built without
  const auto lines = payload_lines(R"({"a":[1,2]})", payload_format::json, 20, 10);
  REQUIRE(lines.size() == 6);
  CHECK(lines[1] == fitted("  \"a\": [", 20));
  CHECK(payload_lines("{no", payload_format::json, 20, 10)[0] == fitted("{no", 20));
}

TEST_CASE("top: of a payload that does not fit the size is told")
{
  const auto lines = payload_lines(std::string(5000, 'x'), payload_format::text, 40, 3);
  REQUIRE(lines.size() == 3);
  CHECK(lines[2].starts_with("... 5000 bytes in all"));
}

TEST_CASE("top: as an object, what is not known is null")
{
  auto p = nobody_knows();
  const std::string text = as_json(
      p.paint(at(0s, {publisher(0, {{"/\"", 1, 0, 0, 0, 0}}), subscriber(1, {"/#"})})), "b");
  CHECK(text.find(R"("topic":"/\"","messages_per_second":null)") != std::string::npos);
  CHECK(text.find(R"("latency_seconds":null,"patterns":["/#"])") != std::string::npos);
}
