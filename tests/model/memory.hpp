#pragma once

#include "model/access.hpp"
#include "model/views.hpp"

#include <cstdint>

/// What a load may see: the memory model of C++20, executed.
///
/// Each word keeps all values that it had, in the order in which they were written, and each value
/// the view of who wrote it with `release`. A load may see any value that its fiber need not know to
/// be outdated. Read-modify-writes take the newest. seq_cst accesses and fences agree on one order,
/// in which they happen here.
///
/// That is weaker than x86 and, but for two things, as weak as C++ allows and AArch64 is: a load
/// never sees a store that is executed later (load buffering), and stores of several fibers to one
/// word never change places.
namespace model::memory {

/// A new execution: all words have the value that stands in memory, and everybody knows it.
void begin() noexcept;

/// Words that more than one fiber accesses are remembered: only these are steps of an exploration.
/// Whether `where` is one of them.
bool is_shared(const void* where) noexcept;
/// After an execution: whether it had words that were not known to be shared.
bool learn();
void forget_shared();
std::size_t shared_words() noexcept;

/// Notes an access to a word that is not known to be shared.
void note(const void* where, int fiber, bool writes) noexcept;

std::uint64_t load(int fiber, const void* where, unsigned size, std::memory_order order);
void store(int fiber, void* where, unsigned size, std::uint64_t value, std::memory_order order);
std::uint64_t modify(int fiber, void* where, unsigned size, change c, std::uint64_t operand,
                     std::memory_order order);
bool compare_exchange(int fiber, void* where, unsigned size, std::uint64_t& expected,
                      std::uint64_t desired, std::memory_order success, std::memory_order failure);
void fence(int fiber, std::memory_order order);

/// A fiber that starts knows what the one that starts it knows (-1: only how it all began).
void start(int fiber, int from) noexcept;

/// From now on the fiber sees at least what has been written up to now: time has passed.
void catch_up(int fiber) noexcept;

/// Knowledge that goes along with something else than a word: a lock of the kernel.
struct carried {
  view v;
  bool any = false;
};
void give(int fiber, carried& c) noexcept;
void take(int fiber, const carried& c) noexcept;
void clear(carried& c) noexcept;

/// What happened in `other` up to its step `count` happened before what `fiber` does now.
bool happened_before(int fiber, int other, std::uint16_t count) noexcept;
/// The step of the fiber that is going on.
std::uint16_t step_of(int fiber) noexcept;
/// It passes its knowledge on: what it does from now on is another step.
void next_step(int fiber) noexcept;

/// What a read-modify-write makes of a value.
std::uint64_t changed(std::uint64_t old, change c, std::uint64_t operand) noexcept;

/// The newest value in memory.
std::uint64_t newest(const void* where, unsigned size) noexcept;

}  // namespace model::memory
