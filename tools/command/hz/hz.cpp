#include "command/failure.hpp"
#include "command/hz/beat.hpp"
#include "command/number.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "core/layout.hpp"
#include "core/utf8.hpp"
#include "shmbus/shmbus.hpp"

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

using namespace std::chrono_literals;

struct hz_options {
  std::vector<std::string> patterns;
  std::chrono::nanoseconds duration = no_timeout;
  std::uint64_t count = 0;  // 0: without end
  bool json = false;
  std::uint32_t queue = 1024;
};

class listening {
public:
  listening(const hz_options& o, const bus_options& place);

  int run();

private:
  asio::awaitable<void> receive_all();
  asio::awaitable<void> show_live();
  void add(const message& m);
  std::string as_table() const;
  std::string as_json() const;

  const hz_options& options_;
  const bus_options& place_;
  session session_;
  output output_;
  broker bus_;
  subscriber subscriber_;
  std::map<std::string, beat, std::less<>> topics_;
  std::uint64_t received_ = 0;
  std::string up_;  // what brings a terminal back to the first line of the table
};

listening::listening(const hz_options& o, const bus_options& place)
    : options_(o),
      place_(place),
      session_(o.duration),
      output_(session_.context()),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      subscriber_(bus_, {.queue_capacity = o.queue})
{
  for (const auto& p : o.patterns) subscriber_.subscribe(p);
  session_.watch(output_.end());
}

void listening::add(const message& m)
{
  const bool dated = m.sent_at() != beat::clock::time_point{};
  auto place = topics_.find(m.topic());
  if (place == topics_.end()) place = topics_.emplace(m.topic(), beat{}).first;
  place->second.add(dated ? m.sent_at() : beat::clock::now(), m.payload().size());
  ++received_;
}

asio::awaitable<void> listening::receive_all()
{
  constexpr std::uint64_t breath = 4096;  // lets the clock, and Ctrl-C, through
  while (options_.count == 0 || received_ != options_.count) {
    add(co_await subscriber_.receive());
    if (received_ % breath == 0) co_await breathe();
  }
}

// Over and over in the same place of the terminal.
asio::awaitable<void> listening::show_live()
{
  asio::steady_timer timer(session_.context());
  while (true) {
    timer.expires_after(1s);
    co_await timer.async_wait(asio::use_awaitable);
    const std::string text = as_table();
    if (!co_await output_.write(up_ + text)) co_return;
    up_ = "\x1b[" + std::to_string(std::ranges::count(text, '\n')) + "A\x1b[J";
  }
}

std::string listening::as_table() const
{
  table t({"RATE/S", "BYTES/S", "MIN GAP", "MEAN GAP", "MAX GAP", "MESSAGES", "TOPIC"});
  for (const auto& [topic, b] : topics_) {
    const bool gaps = b.messages() > 1;
    t.add({gaps ? short_number(b.messages_per_second()) : "-",
           gaps ? short_bytes(b.bytes_per_second()) : "-",
           gaps ? short_time(b.shortest_seconds()) : "-", gaps ? short_time(b.mean_seconds()) : "-",
           gaps ? short_time(b.longest_seconds()) : "-", std::to_string(b.messages()),
           printable(topic)});
  }
  std::string text = t.text();
  if (topics_.empty()) text = "no message yet\n";
  if (const auto lost = subscriber_.lost())
    text += "lost " + std::to_string(lost) + ": the rates are higher than this\n";
  return text;
}

std::string listening::as_json() const
{
  std::string text = R"({"received":)" + std::to_string(received_) + R"(,"lost":)" +
                     std::to_string(subscriber_.lost()) + R"(,"topics":[)";
  bool first = true;
  for (const auto& [topic, b] : topics_) {
    text += first ? "" : ",\n ";
    first = false;
    text += R"({"topic":)" + json_string(topic);
    text += R"(,"messages":)" + std::to_string(b.messages());
    text += R"(,"bytes":)" + std::to_string(b.bytes());
    text += R"(,"messages_per_second":)" + json_number(b.messages_per_second());
    text += R"(,"bytes_per_second":)" + json_number(b.bytes_per_second());
    text += R"(,"min_gap_seconds":)" + json_number(b.shortest_seconds());
    text += R"(,"mean_gap_seconds":)" + json_number(b.mean_seconds());
    text += R"(,"max_gap_seconds":)" + json_number(b.longest_seconds()) + "}";
  }
  return text + "]}\n";
}

int listening::run()
{
  using namespace asio::experimental::awaitable_operators;
  const bool live = !options_.json && ::isatty(STDOUT_FILENO) == 1;
  const auto both = [](listening* l) -> asio::awaitable<void> {
    co_await (l->receive_all() || l->show_live());  // the former ends, or both are cut short
  };
  const auto end = session_.run(live ? both(this) : receive_all());
  if (end == session::end::nobody_reads) return status_done;
  print(options_.json ? as_json() : up_ + as_table());
  if (received_ == 0 && end == session::end::timed_out)
    throw failure(status_timed_out, "no message came: " + place_.text());
  return status_done;
}

void check(const hz_options& o)
{
  for (const auto& p : o.patterns)
    if (const auto problem = pattern_problem(p); !problem.empty())
      throw usage("the pattern " + core::quoted(p) + ' ' + std::string(problem));
}

constexpr auto notes = R"(Examples:
  shmbus hz '/camera/#'
  shmbus hz /camera/front --duration 10 --json | jq '.topics[0].messages_per_second'

It subscribes, and measures what it receives: the gaps are those between the times at which the
messages were sent, or came, if their publisher does not note the time. On a terminal it shows the
figures each second; else once, at the end.
Exit status 3: no message came in the time given with --duration.)";

}  // namespace

void add_hz(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<hz_options>();
  auto* sub = app.add_subcommand("hz", "Measure how often messages come");
  sub->footer(notes);
  sub->add_option("PATTERN", o->patterns, "What to measure")->required()->type_name("");
  add_seconds(*sub, "--duration", o->duration, "End after that time (else with Ctrl-C)");
  sub->add_option("--count", o->count, "End after N messages")->check(in_range(1))->type_name("N");
  sub->add_flag("--json", o->json, "Print an object at the end");
  sub->add_option("--queue", o->queue, "Messages that may wait, for each publisher (default: 1024)")
      ->check(in_range(1, core::max_queue_capacity))
      ->type_name("N");
  bus.add_place(*sub);
  bus.add_limits(*sub);
  sub->callback([o, &bus, &chosen] {
    chosen = [o, &bus] {
      check(*o);
      return listening(*o, bus).run();
    };
  });
}

}  // namespace shmbus::command
