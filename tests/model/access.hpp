#pragma once

#include <atomic>
#include <cstdint>

/// What the model's atomics call. Outside of an exploration these are plain accesses.
namespace model {

enum class change { exchange, add, subtract, bit_or, bit_and };

std::uint64_t load(const void* where, unsigned size, std::memory_order order) noexcept;
void store(void* where, unsigned size, std::uint64_t value, std::memory_order order) noexcept;
std::uint64_t modify(void* where, unsigned size, change c, std::uint64_t operand,
                     std::memory_order order) noexcept;
bool compare_exchange(void* where, unsigned size, std::uint64_t& expected, std::uint64_t desired,
                      std::memory_order success, std::memory_order failure) noexcept;
void fence(std::memory_order order) noexcept;

}  // namespace model
