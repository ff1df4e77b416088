#pragma once

#include "core/geometry.hpp"
#include "shm/file.hpp"
#include "shmbus/config.hpp"

#include <optional>
#include <system_error>

namespace shmbus::core {

/// Writes the first page of a new bus.
void write_header(const shm::file& control, const broker_config& config, std::error_code& ec);

/// Reads and checks it: errc::corrupt, version_mismatch. The limits of the bus.
broker_config read_header(const shm::file& control, const shm::file& data, std::error_code& ec);

}  // namespace shmbus::core
