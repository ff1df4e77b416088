#pragma once

#include "shmbus/detail/export.hpp"

#include <spdlog/spdlog.h>

#include <memory>

namespace shmbus {

/// The logger that the library logs to: warnings and errors to standard error at first, named
/// "shmbus". Nothing is ever logged while a message is published or received.
SHMBUS_API std::shared_ptr<spdlog::logger> logger();

/// Replaces it; null silences the library. Threads: safe at any time.
SHMBUS_API void set_logger(std::shared_ptr<spdlog::logger> replacement);

}  // namespace shmbus
