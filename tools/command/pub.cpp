#include "command/failure.hpp"
#include "command/line_input.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/progress.hpp"
#include "command/session.hpp"
#include "core/utf8.hpp"
#include "shmbus/shmbus.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace shmbus::command {
namespace {

using clock = std::chrono::steady_clock;

struct pub_options {
  std::string topic;
  std::string message;
  bool from_input = false;
  double rate = 0;  // per second; 0: as fast as it goes
  std::uint64_t repeat = 1;
  std::size_t subscribers = 0;
  bool block = false;
  std::chrono::nanoseconds timeout = no_timeout;
};

std::string counted(std::uint64_t n)
{
  return std::to_string(n) + (n == 1 ? " message" : " messages");
}

class publishing {
public:
  publishing(const pub_options& options, const bus_options& place);

  int run();

private:
  asio::awaitable<void> publish_all();
  asio::awaitable<void> publish_repeatedly(const std::string& text);
  asio::awaitable<void> publish_once(const std::string& text);
  asio::awaitable<void> wait_for_turn();
  std::string progress_text();
  int finish(session::end how);

  const pub_options& options_;
  const bus_options& place_;
  session session_;
  shmbus::topic topic_;
  broker bus_;
  publisher publisher_;
  clock::time_point next_turn_ = clock::now();
  std::uint64_t published_ = 0;
  bool waiting_for_subscribers_ = false;
  progress progress_;
};

publishing::publishing(const pub_options& options, const bus_options& place)
    : options_(options),
      place_(place),
      session_(options.timeout),
      topic_(options.topic),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      publisher_(bus_, place.publisher())
{
}

int publishing::run()
{
  // Who types the messages sees how far they are.
  if (!options_.from_input || ::isatty(STDIN_FILENO) == 0)
    progress_.keep_showing(session_.context(), [this] { return progress_text(); });
  try {
    const auto how = session_.run(publish_all());
    progress_.wipe();
    return finish(how);
  } catch (const std::system_error& e) {
    if (published_ == 0) throw;
    throw failure(status_error, explain(e.code(), place_.text()).what() + std::string(" (") +
                                    counted(published_) + " went out before)");
  }
}

asio::awaitable<void> publishing::publish_all()
{
  if (options_.subscribers > 0) {
    waiting_for_subscribers_ = true;
    co_await publisher_.async_wait_for_subscribers(topic_, options_.subscribers,
                                                   asio::use_awaitable);
    waiting_for_subscribers_ = false;
  }
  next_turn_ = clock::now();
  if (!options_.from_input) {
    co_await publish_repeatedly(options_.message);
    co_return;
  }
  line_input input(session_.context(), bus_.config().buffer_size);
  for (std::string line; co_await input.next(line);) co_await publish_repeatedly(line);
}

asio::awaitable<void> publishing::publish_repeatedly(const std::string& text)
{
  for (std::uint64_t i = 0; i != options_.repeat || options_.repeat == 0; ++i)
    co_await publish_once(text);
}

asio::awaitable<void> publishing::publish_once(const std::string& text)
{
  co_await wait_for_turn();
  std::size_t reached = 0;
  if (options_.block)
    reached = co_await publisher_.publish(topic_, text);
  else
    reached = publisher_.try_publish(topic_, text);
  if (++published_ == 1 && reached == 0) {
    progress_.wipe();
    complain("nobody subscribes to " + core::quoted(options_.topic) + ": " + place_.text());
  }
}

asio::awaitable<void> publishing::wait_for_turn()
{
  if (options_.rate <= 0) {
    if (published_ % 64 == 63) co_await breathe();
    co_return;
  }
  // Late ones are made up for, but no more than those of a tenth of a second.
  constexpr auto most_late = std::chrono::milliseconds(100);
  next_turn_ = std::max(next_turn_, clock::now() - most_late);
  asio::steady_timer timer(session_.context(), next_turn_);
  co_await timer.async_wait(asio::use_awaitable);
  next_turn_ +=
      std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / options_.rate));
}

std::string publishing::progress_text()
{
  if (waiting_for_subscribers_)
    return "waiting for subscribers: " + std::to_string(publisher_.subscribers(topic_)) + " of " +
           std::to_string(options_.subscribers);
  std::string text = "published " + counted(published_);
  if (!options_.from_input && options_.repeat != 0)
    text += " of " + std::to_string(options_.repeat);
  return text;
}

int publishing::finish(session::end how)
{
  switch (how) {
    case session::end::done:
    case session::end::nobody_reads: break;
    case session::end::interrupted:
      // The usual end of what has none of its own.
      if (options_.from_input || options_.repeat == 0) {
        complain("published " + counted(published_));
        break;
      }
      throw failure(status_error, "interrupted after " + counted(published_) + " of " +
                                      std::to_string(options_.repeat) + ": " + place_.text());
    case session::end::timed_out:
      if (waiting_for_subscribers_)
        throw failure(status_timed_out, "timed out: " + core::quoted(options_.topic) + " has " +
                                            std::to_string(publisher_.subscribers(topic_)) +
                                            " of " + std::to_string(options_.subscribers) +
                                            " subscribers: " + place_.text());
      throw failure(status_timed_out,
                    "timed out after " + counted(published_) + ": " + place_.text());
  }
  return status_done;
}

constexpr auto notes = R"(Examples:
  shmbus pub /sensors/temperature 25.5
  sensors | shmbus pub /sensors/log                    # each line is a message
  shmbus pub /tick now --repeat 0 --rate 10            # until Ctrl-C
  shmbus pub /job start --wait-for-subscribers 1 --timeout 5

A topic begins with a slash: /a/b/c. A MESSAGE that begins with a dash stands behind "--".
That nobody subscribes is no error; it is said once on standard error.)";

}  // namespace

void add_pub(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<pub_options>();
  auto* sub = app.add_subcommand("pub", "Publish a message, or each line of standard input");
  sub->footer(notes);
  sub->add_option("TOPIC", o->topic, "Where to publish")->required()->type_name("");
  auto* message =
      sub->add_option("MESSAGE", o->message, "What; without it, each line of standard input")
          ->type_name("");
  sub->add_option("--repeat", o->repeat,
                  "Publish each message N times; 0: without end (default: 1)")
      ->check(in_range(0))
      ->type_name("N");
  const auto set_rate = [o](const double& n) {
    if (!(n >= 1e-6 && n <= 1e9))
      throw CLI::ValidationError("--rate", "takes a number from 0.000001 to 1000000000");
    o->rate = n;
  };
  sub->add_option_function<double>("--rate", set_rate,
                                   "At most N messages a second (default: as fast as it goes)")
      ->type_name("N");
  sub->add_option("--wait-for-subscribers", o->subscribers,
                  "First wait until that many subscribers match TOPIC")
      ->check(in_range(0))
      ->type_name("N");
  sub->add_flag("--block", o->block,
                "Wait while a subscriber that exerts back-pressure has no room\n(without it that "
                "is an error)");
  add_seconds(*sub, "--timeout", o->timeout,
              "Give up after that time, whatever is left to publish; exit status 3");
  bus.add_place(*sub);
  bus.add_limits(*sub);
  sub->callback([o, message, &bus, &chosen] {
    o->from_input = message->count() == 0;
    chosen = [o, &bus] {
      if (const auto problem = topic_problem(o->topic); !problem.empty())
        throw usage("the topic " + core::quoted(o->topic) + ' ' + std::string(problem));
      return publishing(*o, bus).run();
    };
  });
}

}  // namespace shmbus::command
