#pragma once

namespace shmbus::shm {

/// A full memory barrier on every running thread of this process, so that the frequent side of a
/// store-then-load handshake can do without one. False if the kernel refuses (a sandbox): the caller
/// must then not rely on the order.
bool barrier_on_all_threads() noexcept;

}  // namespace shmbus::shm
