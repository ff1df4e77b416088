#include "command/bench/figure.hpp"
#include "command/bench/hints.hpp"
#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/progress.hpp"
#include "command/session.hpp"
#include "command/text.hpp"
#include "shmbus/system.hpp"
#include "support/child.hpp"
#include "support/machine.hpp"
#include "support/scratch.hpp"

#include <asio/buffer.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace shmbus::command {
namespace {

std::string decimal(double value, int digits)
{
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

// Three digits that say something.
std::string rounded(double value, const char* unit)
{
  return decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0) + ' ' + unit;
}

std::string shown(const figure& f, double ns)
{
  switch (f.shown) {
    case figure::unit::time: break;
    case figure::unit::messages: return rounded(1000 / ns, "M/s");
    case figure::unit::bytes: return rounded(static_cast<double>(f.size) / ns, "GB/s");
  }
  return ns < 1000 ? rounded(ns, "ns") : rounded(ns / 1000, "us");
}

// The CPUs that are used: the first, and one from the middle, which is hardly a thread of the same core.
std::vector<int> choose_cpus()
{
  auto cpus = bench::list_cpus();
  if (cpus.size() > 2) cpus = {cpus.front(), cpus[cpus.size() / 2]};
  return cpus;
}

class benchmark {
public:
  benchmark() : hints_(machine_hints(cpus_)) {}

  int run(bool json);

private:
  asio::awaitable<void> measure(session& s, progress& p);
  void add(const std::string& line);
  std::string as_text() const;
  std::string as_json() const;
  std::string cpus() const;

  std::vector<int> cpus_ = choose_cpus();
  std::vector<std::string> hints_;
  system_report system_ = examine_system();
  results results_;
};

// In another process: it is pinned, it may be killed at any time, and it has no second thread.
asio::awaitable<void> benchmark::measure(session& s, progress& p)
{
  const bench::scratch_directory place;
  std::vector<std::string> words{"measure"};
  for (const int cpu : cpus_) words.push_back(std::to_string(cpu));
  bench::child child(words, {"SHMBUS_DIR=" + place.path().string()}, true);
  asio::posix::stream_descriptor output(s.context(), ::dup(child.output()));
  std::string text;
  for (std::error_code ec; !ec;) {
    const std::size_t n = co_await asio::async_read_until(
        output, asio::dynamic_buffer(text), '\n', asio::redirect_error(asio::use_awaitable, ec));
    if (ec || n == 0) break;
    add(text.substr(0, n - 1));
    text.erase(0, n);
    p.show("measuring: " + counted(results_["cycle"].floor.size(), "round"));
  }
  if (!s.is_cut_short()) child.wait();
}

void benchmark::add(const std::string& line)
{
  if (line.starts_with(bench_failed))
    throw failure(status_error, "cannot measure: " + line.substr(bench_failed.size()));
  std::istringstream in(line);
  std::string name;
  measured m;
  if (in >> name >> m.shmbus >> m.floor) results_[name].add(m);
}

std::string benchmark::cpus() const
{
  std::string text;
  for (const int cpu : cpus_) text += (text.empty() ? "" : ", ") + std::to_string(cpu);
  return text;
}

std::string benchmark::as_text() const
{
  table machine({"cpu", bench::cpu_model() + "; used: " + cpus()});
  machine.add({"kernel", system_.kernel});
  machine.add({"wake-up", system_.wakeup});
  table t({"", "SHMBUS", "FLOOR", "RATIO", "THE FLOOR IS"});
  for (const figure& f : figures) {
    const auto found = results_.find(f.name);
    if (found == results_.end()) continue;
    const samples& s = found->second;
    t.add({std::string(f.title), shown(f, bench::median(s.shmbus)),
           shown(f, bench::median(s.floor)), decimal(s.ratio(), 2), std::string(f.floor)});
  }
  std::string text = machine.text() + '\n' + t.text() + '\n';
  for (const auto& hint : hints_) text += "hint: " + hint + '\n';
  return text + "ratio: what a message costs, against the floor; the median of " +
         counted(results_.begin()->second.floor.size(), "round") + '\n';
}

std::string benchmark::as_json() const
{
  std::string text = R"({"version":)" + json_string(system_.version);
  text += R"(,"cpu":)" + json_string(bench::cpu_model());
  text += R"(,"cpus":[)" + cpus() + ']';
  text += R"(,"kernel":)" + json_string(system_.kernel);
  text += R"(,"wakeup":)" + json_string(system_.wakeup);
  text += R"(,"figures":[)";
  const char* separator = "";
  for (const figure& f : figures) {
    const auto found = results_.find(f.name);
    if (found == results_.end()) continue;
    const samples& s = found->second;
    text += separator + (R"({"name":)" + json_string(f.name));
    text += R"(,"shmbus_ns":)" + decimal(bench::median(s.shmbus), 2);
    text += R"(,"floor_ns":)" + decimal(bench::median(s.floor), 2);
    text += R"(,"ratio":)" + decimal(s.ratio(), 3);
    text += R"(,"rounds":)" + std::to_string(s.floor.size()) + '}';
    separator = ",\n ";
  }
  return text + R"(],"hints":)" + json_array(hints_) + "}\n";
}

int benchmark::run(bool json)
{
  session s(no_timeout);
  progress p;
  if (s.run(measure(s, p)) != session::end::done) throw failure(status_error, "interrupted");
  p.wipe();
  for (const auto& [name, r] : results_)
    if (r.unsteady()) {
      hints_.push_back("the floor of " + name + " was unsteady: repeat this when it is quiet");
      break;
    }
  print(json ? as_json() : as_text());
  return status_done;
}

}  // namespace

void add_bench(CLI::App& app, action& chosen)
{
  auto json = std::make_shared<bool>(false);
  auto* sub = app.add_subcommand("bench", "Measure how fast it is here, in about five seconds");
  sub->footer(
      "Each figure stands beside a raw floor, measured in turn with it: what any way to do the "
      "same\n"
      "pays here. It uses CPUs that this process may use (taskset -c), and buses of its own in a\n"
      "private directory. SHMBUS_WAKEUP=uring or thread forces one way to wake coroutines.\n"
      "The programs in bench/ of the sources measure more, and more thoroughly.");
  sub->add_flag("--json", *json, "Print an object");
  sub->callback([json, &chosen] { chosen = [json] { return benchmark().run(*json); }; });
}

}  // namespace shmbus::command
