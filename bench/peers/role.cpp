#include "peers/role.hpp"

#include "support/machine.hpp"
#include "support/samples.hpp"

#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace peers {
namespace {

constexpr std::size_t whole_up_to = 64 * 1024;
constexpr std::size_t page = 4096;
int wanted_cpu = -1;

std::uint64_t load(const std::byte* p) noexcept
{
  std::uint64_t w;
  std::memcpy(&w, p, sizeof w);
  return w;
}

std::string quantiles(const std::vector<double>& samples)
{
  constexpr double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999};
  std::string json = "[";
  for (const double s : shares) {
    char text[64];
    std::snprintf(text, sizeof text, "%s[%g,%.1f]", json.size() > 1 ? "," : "", s,
                  bench::quantile(samples, s));
    json += text;
  }
  return json + "]";
}

}  // namespace

options::options(int argc, char** argv)
{
  if (argc < 2) throw std::invalid_argument("ROLE KEY=VALUE...");
  role = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string text = argv[i];
    const auto equal = text.find('=');
    const std::string key = text.substr(0, equal), value = text.substr(equal + 1);
    if (key == "dir")
      directory = value;
    else if (key == "label")
      label = value;
    else if (key == "size")
      size = std::stoul(value);
    else if (key == "seconds")
      seconds = std::stod(value);
    else if (key == "senders")
      senders = std::stoi(value);
    else if (key == "receivers")
      receivers = std::stoi(value);
    else if (key == "id")
      id = std::stoi(value);
    else if (key == "cpu")
      wanted_cpu = std::stoi(value);
    else if (key == "wait")
      sleep = value == "sleep", yield = value == "yield";
    else if (key.starts_with("eventfd."))
      descriptors[key.substr(8)] = std::stoi(value);
    else
      throw std::invalid_argument("unknown argument " + text);
  }
  if (wanted_cpu >= 0) bench::pin_to(wanted_cpu);
}

void begin(const options&)
{
  std::puts("ready");
  std::fflush(stdout);
  if (std::getchar() == EOF) std::exit(1);
}

void report(const std::string& json)
{
  std::puts(json.c_str());
  std::fflush(stdout);
}

void write_message(std::span<std::byte> to, int sender, std::uint64_t number) noexcept
{
  const std::uint64_t word =
      number == last_word ? last_word : static_cast<std::uint64_t>(sender) << 48 | number;
  if (to.size() <= whole_up_to) {
    std::memset(to.data(), static_cast<int>(number & 0x7f), to.size());
  } else {
    for (std::size_t i = 0; i + sizeof word <= to.size(); i += page)
      std::memcpy(to.data() + i, &number, sizeof number);
  }
  std::memcpy(to.data(), &word, sizeof word);
}

void write_last(std::span<std::byte> to) noexcept { write_message(to, 0, last_word); }

bool is_last(bytes m) noexcept { return load(m.data()) == last_word; }

bool checker::see(bytes m) noexcept
{
  const std::uint64_t word = load(m.data());
  if (word == last_word) return --left_ != 0;
  const std::uint64_t number = word & 0xffff'ffff'ffff;
  const std::size_t sender = word >> 48;
  ++received_;
  if (sender >= next_.size() || number != next_[sender]) {
    ++bad_;
  } else {
    ++next_[sender];
  }
  if (m.size() <= whole_up_to) {
    // All of it, and wrong if any word of it is.
    const std::uint64_t fill = (number & 0x7f) * 0x0101'0101'0101'0101;
    std::uint64_t differs = 0;
    for (std::size_t i = 8; i + 8 <= m.size(); i += 8) differs |= load(m.data() + i) ^ fill;
    if (differs != 0) ++bad_;
  } else {
    std::uint64_t differs = 0;
    for (std::size_t i = page; i + 8 <= m.size(); i += page) differs |= load(m.data() + i) ^ number;
    if (differs != 0) ++bad_;
  }
  return true;
}

std::string checker::result() const
{
  return "{\"received\":" + std::to_string(received_) + ",\"bad\":" + std::to_string(bad_) +
         ",\"end\":" + std::to_string(now_ns()) + "}";
}

sending::sending(const options& o)
    : begin_(now_ns()), end_(begin_ + static_cast<std::uint64_t>(o.seconds * 1e9))
{
}

std::string sending::result() const
{
  return "{\"sent\":" + std::to_string(sent_) + ",\"begin\":" + std::to_string(begin_) + "}";
}

round_trips::round_trips(const options& o) : batch_size_(o.sleep ? 8 : 64)
{
  const auto whole = static_cast<std::uint64_t>(o.seconds * 1e9);
  batch_end_ = now_ns() + whole / 2;
  end_ = batch_end_ + whole / 2;
  batches_.reserve(1 << 16);
  singles_.reserve(1 << 18);
}

bool round_trips::more() noexcept
{
  if (in_batch_ != 0) {
    --in_batch_;
    return true;
  }
  const std::uint64_t now = now_ns();
  const bool single = now >= batch_end_;
  if (begin_ != 0) {
    const auto each = static_cast<double>(now - begin_) / 2;
    if (!warm_) {
      warm_ = batches_.size() == 20;
      batches_.push_back(0);
      if (warm_) batches_.clear();
    } else if (batch_size_ > 1) {
      batches_.push_back(each / batch_size_);
    } else {
      singles_.push_back(each);
    }
  }
  if (single && batch_size_ > 1) {
    batch_size_ = 1;
    begin_ = 0;
    return more();
  }
  begin_ = now;
  in_batch_ = batch_size_ - 1;
  return now < end_;
}

std::string round_trips::result() const
{
  return "{\"one_way_ns\":" + std::to_string(bench::median(batches_)) +
         ",\"round_trips\":" + std::to_string(singles_.size()) +
         ",\"quantiles\":" + quantiles(singles_) + "}";
}

wake_ups::wake_ups(const options& o) : left_(static_cast<std::uint64_t>(o.seconds * 1000 / 2) + 10)
{
}

bool wake_ups::more() noexcept
{
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return left_-- != 0;
}

void write_time(std::span<std::byte> to) noexcept
{
  const std::uint64_t now = now_ns();
  std::memset(to.data(), 0, to.size());
  std::memcpy(to.data() + 8, &now, sizeof now);
}

void wake_up_times::see(bytes m) noexcept
{
  times_.push_back(static_cast<double>(now_ns() - load(m.data() + 8)));
}

std::string wake_up_times::result() const
{
  const std::vector<double> warm(times_.begin() + std::min<std::ptrdiff_t>(10, std::ssize(times_)),
                                 times_.end());
  return "{\"wake_ns\":" + std::to_string(bench::median(warm)) +
         ",\"p99\":" + std::to_string(bench::quantile(warm, 0.99)) +
         ",\"quantiles\":" + quantiles(warm) + "}";
}

void yield_processor() noexcept { ::sched_yield(); }

}  // namespace peers
