#include "command/failure.hpp"
#include "command/format.hpp"
#include "command/message_filter.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "shmbus/shmbus.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace shmbus::command {
namespace {

struct sub_options {
  std::vector<std::string> patterns;
  std::uint64_t count = 0;  // 0: without end
  std::chrono::nanoseconds timeout = no_timeout;
  std::chrono::nanoseconds duration = no_timeout;
  std::string format;
  message_filter::options filter;
  queue_flags queue;
};

class receiving {
public:
  receiving(const sub_options& options, const bus_options& place);

  int run();

private:
  asio::awaitable<void> print_messages();
  void add(const message& m);
  std::string summary() const;

  const sub_options& options_;
  const bus_options& place_;
  message_format format_;
  message_filter filter_;
  session session_;
  output output_;
  broker bus_;
  subscriber subscriber_;
  std::uint64_t received_ = 0;
  std::uint64_t shown_ = 0;
  std::string text_;  // not yet written
  bool nobody_reads_ = false;
};

const char* default_format(const sub_options& o) { return o.filter.once_per_topic ? "%t" : "text"; }

receiving::receiving(const sub_options& options, const bus_options& place)
    : options_(options),
      place_(place),
      format_(options.format.empty() ? default_format(options) : options.format),
      filter_(options.filter),
      session_(std::min(options.timeout, options.duration)),
      output_(session_.context()),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      subscriber_(bus_, options.queue.over(place.subscriber()))
{
  for (const auto& p : options.patterns) subscriber_.subscribe(p);
  session_.watch(output_.end());
}

asio::awaitable<void> receiving::print_messages()
{
  // What is there at once is written at once, up to some size.
  constexpr std::size_t enough = 16384;
  constexpr int most_at_once = 1000;  // of which a filter may show none
  while (shown_ != options_.count || options_.count == 0) {
    add(co_await subscriber_.receive());
    for (int i = 0; shown_ != options_.count && text_.size() < enough && i != most_at_once; ++i) {
      const auto more = subscriber_.try_receive();
      if (!more) break;
      add(*more);
    }
    nobody_reads_ = !co_await output_.write(text_);
    if (nobody_reads_) co_return;
    text_.clear();
  }
}

void receiving::add(const message& m)
{
  ++received_;
  if (!filter_.passes(m)) return;
  format_.append(text_, m);
  ++shown_;
}

std::string receiving::summary() const
{
  std::string text =
      "received " + counted(received_, "message") + ", lost " + std::to_string(subscriber_.lost());
  if (shown_ != received_) text += ", showed " + std::to_string(shown_);
  if (filter_.kept_back() != 0)
    text += " (--rate-limit kept back " + std::to_string(filter_.kept_back()) + ")";
  return text;
}

int receiving::run()
{
  const auto how = session_.run(print_messages());
  const bool in_time = how == session::end::timed_out && options_.duration <= options_.timeout;
  if (how == session::end::timed_out && !in_time)
    throw failure(status_timed_out, "timed out: " + summary() + ": " + place_.text());
  if (how == session::end::nobody_reads || nobody_reads_) return status_done;
  const bool all_shown = subscriber_.lost() == 0 && filter_.kept_back() == 0;
  if (how == session::end::interrupted || !all_shown) complain(summary());
  return status_done;
}

constexpr auto notes = R"(Examples:
  shmbus sub '/#'                                      # everything
  shmbus sub '/host/cpu/*/load' /host/load/1m
  shmbus sub /job --count 1 --timeout 10               # exit status 3 if none comes in time
  shmbus sub '/#' --format json | jq .topic
  shmbus sub '/#' --format '%T %t: %s bytes' --rate-limit 1
  shmbus sub '/#' --topics-only --duration 5           # what is published here?

A pattern is a topic in which a level may be * (one level) and the last one # (one or more levels).

Formats: text: "TOPIC PAYLOAD", with what is not printable escaped. hex: the same in hexadecimal.
json: an object on each line, with topic, payload (payload_base64 if it is not UTF-8), publisher,
sequence, lost_before, sent_at (seconds since 1970), latency_ns. raw: the bytes of the payloads,
with nothing between them. Anything with a % is a template for a line: %t topic, %p payload,
%x payload in hexadecimal, %s its size, %n sequence, %i publisher, %l lost before, %T sent at
(seconds since 1970), %d latency in microseconds.

Ctrl-C ends it, and says how many messages came and how many were lost.)";

void add_filter(CLI::App& sub, message_filter::options& filter)
{
  sub.add_flag("--topics-only", filter.once_per_topic,
               "Show each topic once, when its first message comes");
  sub.add_option("--grep", filter.regex,
                 "Show only payloads in which this is found: a regular\nexpression as of grep -E")
      ->type_name("REGEX");
  for (const auto& [name, size, what] :
       {std::tuple{"--min-size", &filter.min_size, "Show only payloads of that size or more"},
        std::tuple{"--max-size", &filter.max_size, "Show only payloads of that size or less"}})
    sub.add_option(name, *size, what)
        ->transform(CLI::AsSizeValue(false).description(""))
        ->check(in_range(0))
        ->type_name("SIZE");
  const auto set_rate = [&filter](const double& n) {
    if (!(n >= 1e-6 && n <= 1e9))
      throw CLI::ValidationError("--rate-limit", "takes a number from 0.000001 to 1000000000");
    filter.per_second = n;
  };
  sub.add_option_function<double>("--rate-limit", set_rate,
                                  "Show at most N messages a second of each topic")
      ->type_name("N");
}

}  // namespace

void add_sub(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<sub_options>();
  auto* sub = app.add_subcommand("sub", "Print the messages that match");
  sub->footer(notes);
  sub->add_option("PATTERN", o->patterns, "What to receive")->required()->type_name("");
  sub->add_option("--count", o->count, "End after N messages were shown")
      ->check(in_range(1))
      ->type_name("N");
  add_seconds(*sub, "--timeout", o->timeout, "End after that time, with exit status 3");
  add_seconds(*sub, "--duration", o->duration, "End after that time, with exit status 0");
  sub->add_option("--format", o->format, "text (the default), hex, json, raw, or like '%t %p'")
      ->type_name("FORMAT");
  add_filter(*sub, o->filter);
  add_queue(*sub, o->queue, subscriber_options{}.queue_capacity);
  bus.add_place(*sub);
  bus.add_limits(*sub);
  sub->callback([o, &bus, &chosen] {
    chosen = [o, &bus] {
      check_patterns(o->patterns);
      return receiving(*o, bus).run();
    };
  });
}

}  // namespace shmbus::command
