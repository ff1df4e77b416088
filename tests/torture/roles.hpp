#pragma once

#include "shmbus/sync.hpp"
#include "torture/arena.hpp"

namespace torture {

/// What a child does until the arena says stop; its exit status. Each opens the bus by itself.
int publish(const shmbus::broker_config& bus, arena::figures& f);
int subscribe(const shmbus::broker_config& bus, shmbus::overflow policy, arena::figures& f);

const char* name_of(shmbus::overflow policy);

/// A bus of its own, in the directory of this run.
shmbus::broker_config new_bus();

/// Takes back what the dead had, with no client left; what remains then, in words, empty if nothing.
std::string remains(shmbus::sync::broker& bus);
/// What an audit finds; empty if nothing.
std::string audited(const shmbus::sync::broker& bus);

}  // namespace torture
