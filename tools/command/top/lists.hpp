#pragma once

#include "command/top/grid.hpp"
#include "command/top/picture.hpp"

#include <vector>

namespace shmbus::command {

/// What is shown of each topic; the rows are named by the topic.
grid topics_grid(const std::vector<topic_row>& rows);
/// Of each client; named by its id.
grid clients_grid(const std::vector<client_row>& rows);
/// Of the memory of the bus: who has how much of it.
grid memory_grid(const picture& p);

}  // namespace shmbus::command
