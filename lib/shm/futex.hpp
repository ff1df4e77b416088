#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace shmbus::shm {

using deadline = std::optional<std::chrono::steady_clock::time_point>;

enum class wait_result { woken, timed_out };

/// Sleeps while `word` holds `expected`; between processes. Returns `woken` also for no reason (a
/// signal, a change that was seen first): look again.
wait_result futex_wait(const std::uint32_t* word, std::uint32_t expected,
                       const deadline& until) noexcept;

void futex_wake_all(const std::uint32_t* word) noexcept;

/// The same within one process, where the kernel can take a shorter way.
void futex_wait_private(const std::uint32_t* word, std::uint32_t expected) noexcept;
void futex_wake_one_private(const std::uint32_t* word) noexcept;

}  // namespace shmbus::shm
