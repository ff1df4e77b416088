#pragma once

#include "model/report.hpp"
#include "model/world.hpp"

namespace model {

/// Enters a story about a bus; at file scope.
struct enter_scenario {
  explicit enter_scenario(const report_entry& s);
};

}  // namespace model
