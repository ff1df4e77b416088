#include "command/failure.hpp"
#include "command/format.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "shmbus/shmbus.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

const std::map<std::string, message_format> formats = {
    {"text", message_format::text}, {"json", message_format::json}, {"raw", message_format::raw}};

struct sub_options {
  std::vector<std::string> patterns;
  std::uint64_t count = 0;  // 0: without end
  std::chrono::nanoseconds timeout = no_timeout;
  std::string format = "text";
  subscriber_options queue;
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
  session session_;
  output output_;
  broker bus_;
  subscriber subscriber_;
  std::uint64_t received_ = 0;
  std::string text_;  // not yet written
  bool nobody_reads_ = false;
};

receiving::receiving(const sub_options& options, const bus_options& place)
    : options_(options),
      place_(place),
      format_(formats.at(options.format)),
      session_(options.timeout),
      output_(session_.context()),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      subscriber_(bus_, options.queue)
{
  for (const auto& p : options.patterns) subscriber_.subscribe(p);
  session_.watch(output_.end());
}

asio::awaitable<void> receiving::print_messages()
{
  // What is there at once is written at once, up to some size.
  constexpr std::size_t enough = 16384;
  while (received_ != options_.count || options_.count == 0) {
    add(co_await subscriber_.receive());
    while (received_ != options_.count && text_.size() < enough) {
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
  append(text_, m, format_);
  ++received_;
}

std::string receiving::summary() const
{
  return "received " + std::to_string(received_) + (received_ == 1 ? " message" : " messages") +
         ", lost " + std::to_string(subscriber_.lost());
}

int receiving::run()
{
  switch (session_.run(print_messages())) {
    case session::end::done:
      if (!nobody_reads_ && subscriber_.lost() != 0) complain(summary());
      break;
    case session::end::interrupted: complain(summary()); break;
    case session::end::nobody_reads: break;
    case session::end::timed_out:
      throw failure(status_timed_out, "timed out: " + summary() + ": " + place_.text());
  }
  return status_done;
}

constexpr auto notes = R"(Examples:
  shmbus sub '/#'                                      # everything
  shmbus sub '/host/cpu/*/load' /host/load/1m
  shmbus sub /job --count 1 --timeout 10               # exit status 3 if none comes in time
  shmbus sub '/#' --format json | jq .topic

A pattern is a topic in which a level may be * (one level) and the last one # (one or more levels).

Formats: text: "TOPIC PAYLOAD", with what is not printable escaped. json: an object on each line,
with topic, payload (payload_base64 if it is not UTF-8), publisher, sequence, lost_before, sent_at
(seconds since 1970), latency_ns. raw: the bytes of the payloads, with nothing between them.

Ctrl-C ends it, and says how many messages came and how many were lost.)";

}  // namespace

void add_sub(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<sub_options>();
  auto* sub = app.add_subcommand("sub", "Print the messages that match");
  sub->footer(notes);
  sub->add_option("PATTERN", o->patterns, "What to receive")->required()->type_name("");
  sub->add_option("--count", o->count, "End after N messages")->check(in_range(1))->type_name("N");
  add_seconds(*sub, "--timeout", o->timeout, "End after that time, with exit status 3");
  sub->add_option("--format", o->format, "text (the default), json or raw")
      ->check(CLI::IsMember(formats).description(""))
      ->type_name("FORMAT");
  add_queue(*sub, o->queue);
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
