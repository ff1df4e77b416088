#pragma once

#include "command/recording/format.hpp"

#include <string>

namespace shmbus::recording {

/// What a file begins with.
void append_file_head(std::string& out);

void append(std::string& out, const start_record& start);
void append(std::string& out, const message_record& message);
void append(std::string& out, const gap_record& gap);

}  // namespace shmbus::recording
