#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/top/frame.hpp"
#include "command/top/ordering.hpp"
#include "command/top/picture.hpp"
#include "command/top/process.hpp"
#include "command/top/report.hpp"
#include "command/top/screen.hpp"
#include "command/top/tap.hpp"
#include "command/watched_bus.hpp"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <clocale>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace shmbus::command {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

struct top_options {
  std::chrono::nanoseconds interval = 1s;
  bool once = false;
  bool json = false;
  std::string filter;
  std::string sort;
};

std::string time_of_day()
{
  const std::time_t now = ::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 16> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &parts)};
}

/// A bus, painted after each look.
class source {
public:
  explicit source(const bus_options& place)
      : bus_(place.config(open_mode::open_only)),
        folder_(std::filesystem::path(place.directory()) / bus_.config().name),
        painter_([this](const core::observed_client& c) {
          const auto p = processes_.look_up(folder_, c);
          return std::pair{p.name, p.stopped};
        })
  {
  }

  std::optional<picture> look()
  {
    const auto seen = bus_.look();
    if (!seen) return std::nullopt;
    if (std::exchange(incarnation_, bus_.incarnation()) != incarnation_) {
      painter_.start_anew();
      processes_ = {};
    }
    return painter_.paint(*seen);
  }
  const watched_bus& bus() const noexcept { return bus_; }

private:
  watched_bus bus_;
  std::filesystem::path folder_;
  process_table processes_;
  painter painter_;
  std::uint64_t incarnation_ = 0;
};

int print_once(const top_options& o, const bus_options& place, const view& v)
{
  source s(place);
  auto first = s.look();
  if (first) std::this_thread::sleep_for(o.interval);
  auto p = first ? s.look() : std::nullopt;
  if (!p) throw explain(s.bus().problem(), place.text());
  filter_topics(p->topics, v.filter);
  sort_topics(p->topics, v.topics_by, false);
  sort_clients(p->clients, v.clients_by, false);
  print(o.json ? as_json(*p, s.bus().config().name) : as_tables(*p));
  return status_done;
}

/// The terminal, the bus, and what is chosen to be seen.
class watching {
public:
  watching(const top_options& o, const bus_options& place, view v)
      : interval_(std::max<std::chrono::nanoseconds>(o.interval, 100ms)),
        source_(place),
        view_(std::move(v))
  {
    scene_.bus = place.text();
  }

  int run()
  {
    while (!view_.quit && !screen_.ended()) {
      look_if_due();
      follow_tap();
      screen_.show(frame(view_, scene_, screen_.width(), screen_.height()));
      const auto names = rows_of(view_, scene_.picture).names;
      if (const auto k = screen_.wait(until_next()))
        view_.press(*k, names, room_for_rows(screen_.height()));
    }
    return status_done;
  }

private:
  void look_if_due()
  {
    const auto now = clock::now();
    if (view_.paused || now < next_) return;
    next_ = now + interval_;
    auto p = source_.look();
    scene_.problem = p ? "" : source_.bus().problem().message();
    scene_.picture = p ? std::move(*p) : picture{};
    scene_.time = time_of_day();
  }

  // The subscriber is there while its messages are shown.
  void follow_tap()
  {
    const bool wanted = view_.tapped && scene_.problem.empty();
    if (!wanted || tapped_ != view_.selected) {
      tap_.reset();
      tapped_.clear();
    }
    if (wanted && !tap_) {
      tapped_ = view_.selected;
      tap_ = std::make_unique<tap>(source_.bus().config(), tapped_);
    }
    if (!view_.tapped || !scene_.problem.empty()) view_.tapped = false;
    if (tap_ && !view_.paused) tap_->poll();
    scene_.payloads = tap_.get();
  }

  std::chrono::milliseconds until_next() const
  {
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_ - clock::now());
    if (view_.paused) wait = 1s;
    if (tap_ && !view_.paused) wait = std::min<std::chrono::milliseconds>(wait, 200ms);
    return std::clamp<std::chrono::milliseconds>(wait, 0ms, 60s);
  }

  std::chrono::nanoseconds interval_;
  source source_;
  view view_;
  scene scene_;
  clock::time_point next_;
  std::unique_ptr<tap> tap_;
  std::string tapped_;
  screen screen_;
};

int run(const top_options& o, const bus_options& place)
{
  std::setlocale(LC_CTYPE, "");  // what the terminal can show
  view v;
  v.filter = o.filter;
  if (!o.sort.empty()) {
    const auto k = sort_key_named(o.sort);
    if (!k) throw usage("--sort takes name, rate, bytes, size, readers, age, lost, queue or held");
    v.topics_by = v.clients_by = *k;
  }
  if (o.once || o.json) return print_once(o, place, v);
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    throw usage("top needs a terminal; elsewhere use --once");
  return watching(o, place, std::move(v)).run();
}

constexpr auto notes = R"(Examples:
  shmbus top                           # the topics of the default bus; h shows the keys
  shmbus top plant --filter '/camera/#' --sort bytes
  shmbus top --once --json | jq '.clients[] | select(.lost > 0)'

It looks at what clients count in shared memory, and takes no place on the bus, except while it
shows the messages of a topic.)";

}  // namespace

void add_top(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<top_options>();
  auto* sub = app.add_subcommand("top", "Watch topics, clients and memory of a bus");
  sub->footer(notes);
  add_seconds(*sub, "--interval", o->interval, "Between two looks; 0.1 at least (default: 1)");
  sub->add_flag("--once", o->once, "Look twice, print what was seen, and end");
  sub->add_flag("--json", o->json, "The same as an object");
  sub->add_option("--filter", o->filter, "Topics: part of a name, or a pattern with * or #")
      ->type_name("TEXT");
  sub->add_option("--sort", o->sort, "By name, rate, bytes, size, readers, age, lost, queue, held")
      ->type_name("KEY");
  bus.add_place_with_name(*sub);
  sub->callback([o, &bus, &chosen] { chosen = [o, &bus] { return run(*o, bus); }; });
}

}  // namespace shmbus::command
