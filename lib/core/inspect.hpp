#pragma once

#include "core/bus.hpp"
#include "shmbus/client_info.hpp"

#include <string>

namespace shmbus::core {

/// A picture of the bus, read without taking part in it.
bus_info inspect(bus& b);

/// Says in words who keeps places on a full bus from being used again; empty if nobody does.
std::string explain_full(bus& b);

}  // namespace shmbus::core
