#pragma once

#include "core/geometry.hpp"

#include <cstddef>
#include <cstdint>

/// The one bus of an execution, and who owns which of its pages.
namespace model::bus_memory {

inline constexpr int control_descriptor = 1'000'000;
inline constexpr int data_descriptor = 1'000'001;
inline constexpr int alarm_descriptor = 1'000'002;

/// An empty bus of these limits, from now on.
void begin(std::uint32_t max_clients, std::uint64_t buffer_size);

const shmbus::core::geometry& limits() noexcept;
std::byte* control() noexcept;
std::byte* data() noexcept;

/// A word is about to be written: its page has to be the writer's, or, in a lane, be addressed to it.
void before_write(const void* where);
/// A word was written: pages and places change hands only as they may.
void after_write(const void* where, std::uint64_t old, std::uint64_t now);

/// At the end of all: nothing belongs to anybody.
void expect_all_free();

/// "slot 2 state", "control page 5 + 8".
const char* describe(const void* where);

}  // namespace model::bus_memory
