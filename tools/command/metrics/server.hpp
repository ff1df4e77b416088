#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace shmbus::command {

/// Answers "GET /metrics" on 127.0.0.1 with what `text` gives, until Ctrl-C or SIGTERM. `port` 0: one
/// that is free. Throws `failure` if the port cannot be had.
void serve_metrics(std::uint16_t port, const std::function<std::string()>& text);

}  // namespace shmbus::command
