#pragma once

#include "model/access.hpp"

#include <atomic>
#include <type_traits>

/// In place of lib/core/atomic.hpp: each access is a step of the model.
namespace shmbus::core {

template <class T>
class atomic {
public:
  static constexpr bool is_always_lock_free = true;

  atomic() noexcept : value_{} {}
  atomic(T value) noexcept : value_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept
  {
    return value_of(model::load(&value_, sizeof(T), order));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
  {
    model::store(&value_, sizeof(T), word(value), order);
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
  {
    return modify(model::change::exchange, value, order);
  }
  T fetch_add(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
    requires(!std::is_same_v<T, bool>)
  {
    return modify(model::change::add, value, order);
  }
  T fetch_sub(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
    requires(!std::is_same_v<T, bool>)
  {
    return modify(model::change::subtract, value, order);
  }
  T fetch_or(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
  {
    return modify(model::change::bit_or, value, order);
  }
  T fetch_and(T value, std::memory_order order = std::memory_order_seq_cst) noexcept
  {
    return modify(model::change::bit_and, value, order);
  }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) noexcept
  {
    std::uint64_t found = word(expected);
    const bool done =
        model::compare_exchange(&value_, sizeof(T), found, word(desired), success, failure);
    expected = value_of(found);
    return done;
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst) noexcept
  {
    const auto failure = order == std::memory_order_acq_rel   ? std::memory_order_acquire
                         : order == std::memory_order_release ? std::memory_order_relaxed
                                                              : order;
    return compare_exchange_strong(expected, desired, order, failure);
  }
  template <class... Orders>
  bool compare_exchange_weak(T& expected, T desired, Orders... orders) noexcept
  {
    return compare_exchange_strong(expected, desired, orders...);
  }

private:
  static std::uint64_t word(T value) noexcept
  {
    if constexpr (std::is_pointer_v<T>)
      return reinterpret_cast<std::uintptr_t>(value);
    else
      return static_cast<std::uint64_t>(value);
  }
  static T value_of(std::uint64_t w) noexcept
  {
    if constexpr (std::is_pointer_v<T>)
      return reinterpret_cast<T>(static_cast<std::uintptr_t>(w));
    else
      return static_cast<T>(w);
  }
  T modify(model::change c, T operand, std::memory_order order) noexcept
  {
    return value_of(model::modify(&value_, sizeof(T), c, word(operand), order));
  }

  T value_;  // the newest value
};

inline void fence(std::memory_order order) noexcept { model::fence(order); }

}  // namespace shmbus::core
