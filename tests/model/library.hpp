#pragma once

namespace model {

/// Before each execution.
void begin_library();

}  // namespace model
