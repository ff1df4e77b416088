#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bench {

/// Private memory in which a message would lie.
struct private_slot {
  alignas(64) std::atomic<std::uint64_t> word{0};
  alignas(64) std::byte payload[65536];
};

/// The floor of publishing and receiving in one thread: copy the payload, store a word, the fence that
/// publishing can't do without, load the word.
inline std::uint64_t copy_and_fence(private_slot& slot, std::span<const std::byte> payload,
                                    std::uint64_t n) noexcept
{
  std::memcpy(slot.payload, payload.data(), payload.size());
  slot.word.store(n, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return slot.word.load(std::memory_order_acquire);
}

}  // namespace bench
