#include "command/message_filter.hpp"

#include "command/failure.hpp"
#include "core/hash.hpp"
#include "core/utf8.hpp"

#include <regex.h>

#include <array>

namespace shmbus::command {
namespace {

// What is remembered of topics is bounded: with more of them some may be shown too early.
constexpr std::size_t most_topics = 100'000;

}  // namespace

// The C library's: unlike std::regex it takes payloads of any size and any bytes.
struct message_filter::regex {
  explicit regex(const std::string& text)
  {
    const int error = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    std::array<char, 200> why;
    ::regerror(error, &compiled, why.data(), why.size());
    throw usage("--grep " + core::quoted(text) + ": " + why.data());
  }
  ~regex() { ::regfree(&compiled); }
  regex(const regex&) = delete;
  regex& operator=(const regex&) = delete;

  bool matches(std::string_view text)
  {
    // A copy, which has an end: not all that watches over regexec knows REG_STARTEND.
    copy = text;
    ::regmatch_t whole{0, static_cast<::regoff_t>(copy.size())};
    return ::regexec(&compiled, copy.c_str(), 1, &whole, REG_STARTEND) == 0;
  }

  ::regex_t compiled;
  std::string copy;
};

message_filter::message_filter(const options& o) : options_(o)
{
  if (!o.regex.empty()) regex_ = std::make_unique<regex>(o.regex);
}

message_filter::~message_filter() = default;

bool message_filter::passes(const message& m)
{
  const std::size_t size = m.payload().size();
  if (size < options_.min_size || size > options_.max_size) return false;
  if (regex_ && !regex_->matches(m.text())) return false;
  if (options_.once_per_topic && !is_new(m)) return false;
  if (options_.per_second == 0 || is_due(m)) return true;
  ++kept_back_;
  return false;
}

bool message_filter::is_new(const message& m)
{
  if (seen_.size() == most_topics) seen_.clear();
  return seen_.insert(core::hash_bytes(m.topic())).second;
}

bool message_filter::is_due(const message& m)
{
  const auto now = clock::now();
  if (due_.size() == most_topics) due_.clear();
  auto& due = due_[core::hash_bytes(m.topic())];
  if (now < due) return false;
  due = now + std::chrono::duration_cast<clock::duration>(
                  std::chrono::duration<double>(1 / options_.per_second));
  return true;
}

}  // namespace shmbus::command
