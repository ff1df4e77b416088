#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/progress.hpp"
#include "command/recording/contents.hpp"
#include "command/recording/input.hpp"
#include "command/recording/pace.hpp"
#include "command/recording/selection.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "core/utf8.hpp"
#include "shmbus/shmbus.hpp"

#include <asio/redirect_error.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace shmbus::command {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct play_options {
  std::string file;
  double speed = 1;
  bool loop = false;
  std::vector<std::string> patterns;
  recording::selection wanted;
  std::size_t subscribers = 0;
  std::string prefix;
  bool tolerant = false;
  bool timing = false;
  bool info = false;
  bool json = false;
};

// What follows from a file that is not whole, once all before that was used.
void end_with(const recording_input& input, const std::string& done, bool tolerant)
{
  if (input.is_whole()) return;
  const std::string text = input.problem() + "; " + done;
  if (!tolerant) throw failure(status_error, text);
  complain(text);
}

class player {
public:
  player(const play_options& options, const bus_options& place);

  int run();

private:
  asio::awaitable<void> play();
  asio::awaitable<void> play_once();
  asio::awaitable<void> play(const recording::message_record& m);
  asio::awaitable<void> begin(const topic& first);
  asio::awaitable<void> wait_until(clock::time_point due);
  asio::awaitable<void> publish(const topic& t, payload_view payload);
  topic played_topic(std::string_view recorded) const;
  std::string summary() const { return "played " + counted(played_, "message"); }
  std::string progress_text() const;
  int finish(session::end how);

  const play_options& options_;
  const bus_options& place_;
  session session_;
  recording_input input_;
  broker bus_;
  publisher publisher_;
  progress progress_;
  asio::steady_timer timer_;
  recording::timeline timeline_;
  recording::pace pace_;
  recording::timing timing_;
  std::uint64_t played_ = 0;
  std::uint64_t reached_ = 0;
  bool begun_ = false;
};

player::player(const play_options& options, const bus_options& place)
    : options_(options),
      place_(place),
      session_(no_timeout),
      input_(session_.context(), options.file),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      publisher_(bus_),
      timer_(session_.context()),
      pace_(options.speed)
{
}

int player::run()
{
  progress_.keep_showing(session_.context(), [this] { return progress_text(); });
  try {
    return finish(session_.run(play()));
  } catch (const std::system_error& e) {
    throw failure(status_error,
                  explain(e.code(), place_.text()).what() + (" (" + summary() + " before)"));
  }
}

asio::awaitable<void> player::play()
{
  std::uint64_t before = 0;
  do {
    if (begun_) input_.rewind();
    timeline_ = {};
    pace_.restart();
    before = played_;
    co_await play_once();
  } while (options_.loop && input_.is_whole() && played_ != before);
}

asio::awaitable<void> player::play_once()
{
  while (const recording::record* r = co_await input_.next()) {
    if (std::holds_alternative<recording::start_record>(*r)) timeline_.begin_part();
    const auto* m = std::get_if<recording::message_record>(r);
    if (!m) continue;
    const auto position = timeline_.at(m->time_ns);
    if (position > options_.wanted.until) co_return;
    if (options_.wanted.takes(m->topic, position)) co_await play(*m);
  }
}

asio::awaitable<void> player::play(const recording::message_record& m)
{
  const topic t = played_topic(m.topic);
  if (!begun_) co_await begin(t);
  if (options_.speed == 0) {
    if (played_ % 64 == 63) co_await breathe();
  } else {
    const auto due = pace_.due(timeline_.now(), clock::now());
    co_await wait_until(due);
    timing_.add(due, clock::now());
  }
  co_await publish(t, payload_view(m.payload, m.type));
  ++played_;
}

asio::awaitable<void> player::begin(const topic& first)
{
  if (options_.subscribers > 0)
    co_await publisher_.async_wait_for_subscribers(first, options_.subscribers,
                                                   asio::use_awaitable);
  begun_ = true;
}

// A timer wakes some ten microseconds late, and later when the processor slept: so it is set a
// little early.
asio::awaitable<void> player::wait_until(clock::time_point due)
{
  constexpr auto early = 150us;
  if (due - clock::now() > early) {
    timer_.expires_at(due - early);
    co_await timer_.async_wait(asio::use_awaitable);
  } else if (played_ % 64 == 63) {
    co_await breathe();
  }
  while (clock::now() < due) {
  }
}

// Slow subscribers may fill their queues, or all memory of the bus: both give room again.
asio::awaitable<void> player::publish(const topic& t, payload_view payload)
{
  for (;;) {
    std::error_code ec;
    reached_ += publisher_.try_publish(t, payload, ec);
    if (!ec) co_return;
    if (ec == errc::queue_full) {
      reached_ += co_await publisher_.async_publish(t, payload,
                                                    asio::redirect_error(asio::use_awaitable, ec));
      if (!ec) co_return;
    }
    if (ec != errc::buffer_full) throw std::system_error(ec);
    timer_.expires_after(1ms);
    co_await timer_.async_wait(asio::use_awaitable);
  }
}

topic player::played_topic(std::string_view recorded) const
{
  const std::string name = options_.prefix + std::string(recorded);
  if (const auto problem = topic_problem(name); !problem.empty())
    throw failure(status_error, "the topic " + core::quoted(name) + ' ' + std::string(problem) +
                                    ": " + input_.name() + " (" + summary() + " before)");
  return topic(name);
}

std::string player::progress_text() const
{
  std::array<char, 32> at;
  std::snprintf(at.data(), at.size(), "%.1f s",
                std::chrono::duration<double>(timeline_.now()).count());
  std::string text = summary() + ", now at " + at.data();
  if (!begun_ && options_.subscribers > 0) text = "waiting for subscribers";
  if (const auto size = input_.size(); size != 0)
    text += ", " + std::to_string(input_.position() * 100 / size) + " % of " + input_.name();
  return text;
}

int player::finish(session::end how)
{
  progress_.wipe();
  if (options_.timing)
    complain("kept " + std::to_string(timing_.kept()) + " of " + counted(timing_.gaps(), "gap") +
             " within 1 ms; the largest error was " +
             std::to_string(
                 std::chrono::duration_cast<std::chrono::microseconds>(timing_.largest_error())
                     .count()) +
             " us");
  if (how != session::end::done) {
    if (!options_.loop) throw failure(status_error, "interrupted: " + summary());
    complain(summary());
    return status_done;
  }
  end_with(input_, summary(), options_.tolerant);
  if (played_ == 0)
    complain("nothing to play: " + input_.name() + " has no message that was asked for");
  else if (reached_ == 0)
    complain("nobody subscribed to what was played: " + place_.text());
  return status_done;
}

int show_contents(const play_options& options)
{
  session s(no_timeout);
  recording_input input(s.context(), options.file);
  recording_contents contents(options.wanted);
  progress p;
  const auto read = [&]() -> asio::awaitable<void> {
    while (const recording::record* r = co_await input.next()) contents.add(*r);
  };
  p.keep_showing(s.context(), [&] {
    return "reading " + input.name() + ": " + readable_size(input.position());
  });
  if (s.run(read()) != session::end::done) throw failure(status_error, "interrupted");
  p.wipe();
  print(options.json ? contents.as_json(input) : contents.as_text(input));
  end_with(input, "what is before it was counted", options.tolerant);
  return status_done;
}

void check(play_options& o)
{
  check_patterns(o.patterns);
  for (const auto& p : o.patterns) o.wanted.patterns.emplace_back(p);
  if (const auto problem = topic_problem(o.prefix); !o.prefix.empty() && !problem.empty())
    throw usage("the prefix " + core::quoted(o.prefix) + ' ' + std::string(problem));
  if (o.json && !o.info) throw usage("--json goes with --info");
  if (o.timing && o.speed == 0) throw usage("--timing does not go with --speed 0");
}

constexpr auto notes = R"(Examples:
  shmbus play all.shmbus
  shmbus play all.shmbus --speed 4 --from 60 --until 90 --topic '/sensors/#'
  shmbus play all.shmbus --speed 0 --bus test          # as fast as the subscribers take it
  shmbus play all.shmbus --info
  zstd -dc all.shmbus.zst | shmbus play -

Messages keep topic, payload and type, and come from one publisher, in the order of the recording,
with the gaps between them that they had. Times count from its beginning; those in which nobody
recorded (record --append) are left out.

A recording that is not whole, since its recorder was killed, is played as far as it is; then the
exit status is 1.)";

}  // namespace

void add_play(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<play_options>();
  auto* sub = app.add_subcommand("play", "Publish what was recorded, or say what that is");
  sub->footer(notes);
  sub->add_option("FILE", o->file, "The recording; - is standard input")->required()->type_name("");
  sub->add_flag("--info", o->info, "Publish nothing; print what is in it");
  sub->add_flag("--json", o->json, "With --info: print an object");
  const auto set_speed = [o](const double& x) {
    if (x != 0 && !(x >= 1e-6 && x <= 1e6))
      throw CLI::ValidationError("--speed", "takes 0, or a number from 0.000001 to 1000000");
    o->speed = x;
  };
  sub->add_option_function<double>("--speed", set_speed,
                                   "So many times as fast as it was (default: 1);\n0: as fast as "
                                   "the subscribers take it")
      ->type_name("X");
  sub->add_flag("--loop", o->loop, "Begin anew at the end, until Ctrl-C");
  add_seconds(*sub, "--from", o->wanted.from, "Leave out what was sent before");
  add_seconds(*sub, "--until", o->wanted.until, "Leave out what was sent after");
  sub->add_option("--topic", o->patterns, "Only topics that match; may be given several times")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("PATTERN");
  sub->add_option("--wait,--wait-for-subscribers", o->subscribers,
                  "First wait until that many subscribers match the first topic")
      ->check(in_range(0))
      ->type_name("N");
  sub->add_option("--prefix", o->prefix, "Put this in front of each topic: /replay")
      ->type_name("TOPIC");
  sub->add_flag("--tolerant", o->tolerant, "Exit status 0 also if the recording is not whole");
  sub->add_flag("--timing", o->timing, "At the end, say how well the gaps were kept");
  bus.add_place(*sub);
  bus.add_limits(*sub);
  sub->callback([o, &bus, &chosen] {
    chosen = [o, &bus] {
      check(*o);
      return o->info ? show_contents(*o) : player(*o, bus).run();
    };
  });
}

}  // namespace shmbus::command
