#include "command/top/tap.hpp"

#include "command/text.hpp"

#include <algorithm>

namespace shmbus::command {
namespace {

constexpr std::size_t most_samples = 20;
constexpr std::size_t most_bytes = 65536;  // of a payload
constexpr int most_at_once = 1000;         // so that keys are heard

}  // namespace

tap::tap(broker_config config, const std::string& topic)
    : bus_((config.open = open_mode::open_only, config.adopt = true, config), problem_)
{
  if (!problem_)
    subscriber_ = std::make_unique<sync::subscriber>(bus_, subscriber_options{}, problem_);
  if (!problem_) subscriber_->subscribe(topic, problem_);
}

void tap::poll()
{
  for (int i = 0; i != most_at_once && !problem_; ++i) {
    const auto m = subscriber_->try_receive(problem_);
    if (!m) return;
    ++received_;
    const std::string_view payload = m->text();
    samples_.push_front({std::string(payload.substr(0, most_bytes)), payload.size(), m->sequence(),
                         client_name(m->publisher()), m->sent_at()});
    if (samples_.size() > most_samples) samples_.pop_back();
  }
}

std::uint64_t tap::lost() const noexcept { return subscriber_ ? subscriber_->lost() : 0; }

}  // namespace shmbus::command
