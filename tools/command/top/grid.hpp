#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace shmbus::command {

struct grid_column {
  std::string title;
  bool right = false;
  int rank = 0;  ///< where it is narrow, the columns of the highest ranks are left out first
};

/// A table that fits into any width: columns give way, and the first takes what is left.
struct grid {
  std::vector<grid_column> columns;
  std::vector<std::vector<std::string>> rows;  ///< showable
  std::vector<std::string> names;              ///< of the rows, by which they are selected

  /// The line of titles and one for each row, each of `width` cells.
  std::vector<std::string> lines(std::size_t width) const;
};

}  // namespace shmbus::command
