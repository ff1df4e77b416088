#pragma once

#include "core/bus.hpp"
#include "shmbus/client_info.hpp"

namespace shmbus::core {

/// A picture of the bus, read without taking part in it.
bus_info inspect(bus& b);

}  // namespace shmbus::core
