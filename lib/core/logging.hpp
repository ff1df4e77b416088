#pragma once

#include <string_view>

namespace shmbus::core {

/// To the library's logger (see shmbus/log.hpp). Never on the way of a message.
void log_debug(std::string_view text);
void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);

}  // namespace shmbus::core
