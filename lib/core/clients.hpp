#pragma once

#include "core/bus.hpp"
#include "core/page_table.hpp"
#include "shmbus/config.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

namespace shmbus::core {

/// Lock byte of client slot `i`.
constexpr std::uint64_t client_byte(std::uint32_t i) noexcept { return first_client_byte + i; }

/// Takes a free slot for a new client, LIVE afterwards. Errors: errc::too_many_clients, forked.
///
/// The lock byte comes first and is kept as long as the client lives: it is what proves its death.
std::optional<lessee> join(bus& b, client_role role, const subscriber_options& options,
                           std::error_code& ec);

/// Whether the slot still is this client's, LIVE or LEAVING.
bool still_owned(const bus& b, lessee client) noexcept;

/// LIVE -> LEAVING: nothing new is sent; what was received stays readable.
void begin_leave(bus& b, lessee client) noexcept;

/// LIVE or LEAVING -> DYING and on as far as it goes now; then the lock byte. The client must not
/// touch the bus afterwards.
void finish_leave(bus& b, lessee client) noexcept;

}  // namespace shmbus::core
