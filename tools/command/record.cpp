#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/progress.hpp"
#include "command/recording/destination.hpp"
#include "command/recording/encode.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "core/hash.hpp"
#include "core/layout.hpp"
#include "shmbus/shmbus.hpp"

#include <asio/experimental/awaitable_operators.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace shmbus::command {
namespace {

using clock = std::chrono::steady_clock;

// As long as there is, so that a burst is written and not lost.
constexpr subscriber_options usual_queue{.queue_capacity = core::max_queue_capacity,
                                         .max_held = 256};

struct record_options {
  std::vector<std::string> patterns;
  std::string file;
  bool append = false;
  bool overwrite = false;
  std::uint64_t count = 0;  // 0: without end
  std::chrono::nanoseconds duration = no_timeout;
  std::uint64_t max_size = UINT64_MAX;
  queue_flags queue;

  destination::existing existing() const noexcept
  {
    if (append) return destination::existing::append;
    return overwrite ? destination::existing::overwrite : destination::existing::refuse;
  }
};

class recorder {
public:
  recorder(const record_options& options, const bus_options& place);

  int run();

private:
  asio::awaitable<void> record_messages();
  asio::awaitable<void> receive_until_full();
  asio::awaitable<std::size_t> wait_for_messages();
  asio::awaitable<void> finish();
  asio::awaitable<void> flush();
  void begin();
  void add(const message& m);
  void add_gap(std::uint64_t lost);
  std::int64_t since_start(clock::time_point t) const noexcept { return (t - start_).count(); }
  std::string summary() const;

  const record_options& options_;
  session session_;
  destination destination_;
  broker bus_;
  subscriber subscriber_;
  progress progress_;
  std::vector<message> batch_;
  std::string unwritten_;
  clock::time_point start_;
  clock::time_point flush_at_{};
  std::uint64_t size_ = 0;  // of the recording, with what is not yet written
  std::uint64_t messages_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;  // as far as it is recorded
  std::unordered_set<std::uint64_t> topics_;
  std::exception_ptr failed_;
  bool full_ = false;
  bool nobody_reads_ = false;
};

// So many topics are counted, then it is "or more".
constexpr std::size_t most_topics = std::size_t{1} << 20;
constexpr std::size_t block_size = std::size_t{1} << 20;
constexpr auto flush_interval = std::chrono::seconds(1);

recorder::recorder(const record_options& options, const bus_options& place)
    : options_(options),
      session_(options.duration),
      destination_(session_.context(), options.file, options.existing()),
      bus_(session_.context(), place.config(open_mode::open_or_create)),
      subscriber_(bus_, options.queue.over(usual_queue)),
      batch_(usual_queue.max_held),
      start_(clock::now()),
      size_(destination_.kept())
{
  if (destination_.cut_off() != 0)
    complain("cut off " + counted(destination_.cut_off(), "byte") +
             " behind the last whole record of " + destination_.name());
  begin();
  for (const auto& p : options.patterns) subscriber_.subscribe(p);
  if (auto* end = destination_.end()) session_.watch(*end);
}

void recorder::begin()
{
  using namespace std::chrono;
  if (size_ == 0) recording::append_file_head(unwritten_);
  append(unwritten_,
         recording::start_record{
             .wall_clock_ns = nanoseconds(system_clock::now().time_since_epoch()).count(),
             .monotonic_ns = start_.time_since_epoch().count(),
             .bus = bus_.config().name});
  size_ += unwritten_.size();
}

asio::awaitable<void> recorder::record_messages()
{
  try {
    co_await flush();
    co_await receive_until_full();
  } catch (...) {
    if (!session_.is_cut_short()) failed_ = std::current_exception();
  }
  // What was received is written, also when it was cut short.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  try {
    co_await finish();
  } catch (...) {
    failed_ = std::current_exception();
  }
}

asio::awaitable<void> recorder::receive_until_full()
{
  while (!full_ && !nobody_reads_) {
    const std::size_t n = co_await wait_for_messages();
    for (std::size_t i = 0; i != n; ++i) {
      add(batch_[i]);
      batch_[i].reset();
    }
    if (unwritten_.size() >= block_size || clock::now() >= flush_at_) co_await flush();
  }
}

asio::awaitable<std::size_t> recorder::wait_for_messages()
{
  co_await breathe();
  if (const std::size_t n = subscriber_.try_receive_batch(batch_)) co_return n;
  if (unwritten_.empty()) co_return co_await subscriber_.receive_batch(batch_);
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(session_.context(), flush_at_);
  const auto first = co_await (subscriber_.receive_batch(std::span(batch_)) ||
                               timer.async_wait(asio::use_awaitable));
  co_return first.index() == 0 ? std::get<0>(first) : 0;
}

// What was published before the end is recorded, as far as the queue has it.
asio::awaitable<void> recorder::finish()
{
  const auto end = clock::now();
  std::error_code ec;
  for (std::uint64_t left = options_.queue.over(usual_queue).queue_capacity; !full_ && left != 0;
       --left) {
    const auto m = subscriber_.try_receive(ec);
    if (!m || m->sent_at() > end) break;
    add(*m);
    if (unwritten_.size() >= block_size) co_await flush();
  }
  add_gap(subscriber_.lost() - lost_);
  co_await flush();
}

asio::awaitable<void> recorder::flush()
{
  flush_at_ = clock::now() + flush_interval;
  if (nobody_reads_) co_return;
  nobody_reads_ = !co_await destination_.write(unwritten_);
  written_ += unwritten_.size();
  unwritten_.clear();
}

void recorder::add(const message& m)
{
  if (full_) return;
  if (m.lost_before() != 0) add_gap(m.lost_before());
  const bool timed = m.sent_at() != clock::time_point{};
  const std::size_t before = unwritten_.size();
  append(unwritten_,
         recording::message_record{.time_ns = since_start(timed ? m.sent_at() : clock::now()),
                                   .time_of_receipt = !timed,
                                   .sequence = m.sequence(),
                                   .type = m.type(),
                                   .publisher = m.publisher(),
                                   .topic = m.topic(),
                                   .payload = m.payload()});
  // A gap may stand before the next one, and one at the end.
  if (size_ + unwritten_.size() - before + 2 * recording::gap_size > options_.max_size) {
    unwritten_.resize(before);
    full_ = true;
    return;
  }
  size_ += unwritten_.size() - before;
  if (topics_.size() < most_topics) topics_.insert(core::hash_bytes(m.topic()));
  full_ = ++messages_ == options_.count;
}

void recorder::add_gap(std::uint64_t lost)
{
  if (lost == 0) return;
  const std::size_t before = unwritten_.size();
  append(unwritten_, recording::gap_record{.time_ns = since_start(clock::now()), .lost = lost});
  size_ += unwritten_.size() - before;
  lost_ += lost;
}

std::string recorder::summary() const
{
  return counted(messages_, "message") + " on " + counted(topics_.size(), "topic") +
         (topics_.size() == most_topics ? " or more, " : ", ") + readable_size(written_) +
         ", lost " + std::to_string(lost_);
}

int recorder::run()
{
  progress_.keep_showing(session_.context(), [this] {
    return "recording for " +
           std::to_string(
               std::chrono::duration_cast<std::chrono::seconds>(clock::now() - start_).count()) +
           " s: " + summary();
  });
  const auto how = session_.run(record_messages());
  progress_.wipe();
  if (failed_) std::rethrow_exception(failed_);
  if (how == session::end::nobody_reads || nobody_reads_) return status_done;
  complain("recorded " + summary() + ": " + destination_.name());
  if (lost_ != 0)
    complain("warning: " + counted(lost_, "message") +
             " came faster than they were written; a bus with a larger --buffer-size keeps more, "
             "--overflow block makes publishers wait");
  return status_done;
}

constexpr auto notes = R"(Examples:
  shmbus record '/#' -o all.shmbus                     # until Ctrl-C
  shmbus record '/sensors/#' /host/load/1m -o a.shmbus --duration 60
  shmbus record '/#' -o all.shmbus --append            # also after a recorder was killed
  shmbus record '/#' -o - | zstd > all.shmbus.zst

The file is written in large blocks, once a second at least. If the recorder is killed, all that it
had written can be played up to the last whole message. At the end it says how much it recorded and
how many messages it lost; the losses stand in the file too. docs/recording.md has the format.)";

}  // namespace

void add_record(CLI::App& app, bus_options& bus, action& chosen)
{
  auto o = std::make_shared<record_options>();
  auto* sub = app.add_subcommand("record", "Write the messages that match into a file");
  sub->footer(notes);
  sub->add_option("PATTERN", o->patterns, "What to record")->required()->type_name("");
  sub->add_option("-o,--output", o->file, "The file; - is standard output")
      ->required()
      ->type_name("FILE");
  auto* append =
      sub->add_flag("--append", o->append, "Continue the recording that is there, if there is one");
  sub->add_flag("--overwrite", o->overwrite, "Replace the recording that is there")
      ->excludes(append);
  sub->add_option("--count", o->count, "End after N messages")->check(in_range(1))->type_name("N");
  add_seconds(*sub, "--duration", o->duration, "End after that time");
  sub->add_option("--max-size", o->max_size, "End before the file is larger")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(in_range(1))
      ->type_name("SIZE");
  add_queue(*sub, o->queue, usual_queue.queue_capacity);
  bus.add_place(*sub);
  bus.add_limits(*sub);
  sub->callback([o, &bus, &chosen] {
    chosen = [o, &bus] {
      check_patterns(o->patterns);
      return recorder(*o, bus).run();
    };
  });
}

}  // namespace shmbus::command
