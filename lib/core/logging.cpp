#include "core/logging.hpp"

#include "shmbus/log.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>

namespace shmbus {
namespace {

struct log_state {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> current;
};

// Never destroyed: handles that outlive static objects may still have something to say.
log_state& state()
{
  static log_state* const s = [] {
    auto* made = new log_state;
    made->current = std::make_shared<spdlog::logger>(
        "shmbus", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->current->set_level(spdlog::level::warn);
    return made;
  }();
  return *s;
}

}  // namespace

std::shared_ptr<spdlog::logger> logger()
{
  const std::lock_guard guard(state().mutex);
  return state().current;
}

void set_logger(std::shared_ptr<spdlog::logger> replacement)
{
  if (!replacement) {
    replacement =
        std::make_shared<spdlog::logger>("shmbus", std::make_shared<spdlog::sinks::null_sink_mt>());
    replacement->set_level(spdlog::level::off);
  }
  const std::lock_guard guard(state().mutex);
  state().current = std::move(replacement);
}

namespace core {

void log_debug(std::string_view text) { logger()->debug("{}", text); }
void log_info(std::string_view text) { logger()->info("{}", text); }
void log_warning(std::string_view text) { logger()->warn("{}", text); }
void log_error(std::string_view text) { logger()->error("{}", text); }

}  // namespace core
}  // namespace shmbus
