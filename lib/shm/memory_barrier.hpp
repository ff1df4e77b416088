#pragma once

namespace shmbus::shm {

/// Registers this process for what follows. Once it has more than one thread, the first time takes as
/// long as the kernel waits for all its readers (RCU): milliseconds, and more on a busy machine.
void prepare_barriers() noexcept;

/// A full memory barrier on every running thread of this process, so that the frequent side of a
/// store-then-load handshake can do without one. False if the kernel refuses (a sandbox): the caller
/// must then not rely on the order. Short only after prepare_barriers().
bool barrier_on_all_threads() noexcept;

}  // namespace shmbus::shm
