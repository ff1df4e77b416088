#pragma once

#include "core/observe.hpp"

#include <string>
#include <vector>

namespace shmbus::command {

struct named_observation {
  std::string bus;
  core::observation seen;
};

/// All buses in Prometheus' exposition format.
std::string as_metrics(const std::vector<named_observation>& buses);

}  // namespace shmbus::command
