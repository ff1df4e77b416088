#pragma once

#include "shmbus/detail/export.hpp"
#include "shmbus/type_id.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace shmbus {

namespace core {
class writer;
struct chunk_record;
}  // namespace core

/// Memory of the bus, to be filled and published without a copy.
///
/// Got from `publisher.loan(topic, size)`, given to `publisher.publish(std::move(loan))`; a loan
/// that is destroyed instead goes back unused. Move-only.
/// Threads: distinct loans are safe; filling one needs no lock.
class loan {
public:
  /// An empty loan, as moved-from and published ones are.
  loan() noexcept = default;
  /// Leaves `other` empty.
  loan(loan&& other) noexcept { swap(other); }
  /// Gives back what it held, unused; leaves `other` empty.
  loan& operator=(loan&& other) noexcept
  {
    loan(std::move(other)).swap(*this);
    return *this;
  }
  /// Gives the memory back, unused, if it was not published.
  ~loan() { give_back(); }

  /// The memory to fill; its content is unspecified. Aligned to 64 bytes.
  std::span<std::byte> bytes() noexcept { return {data_, size_}; }

  /// Publishes less than was loaned: the first `size` bytes. Does nothing if `size` is larger.
  void shrink(std::size_t size) noexcept
  {
    if (size < size_) size_ = size;
  }

  /// Whether there is no memory here: default-made, moved from or published.
  bool empty() const noexcept { return data_ == nullptr; }

private:
  friend class core::writer;

  void swap(loan& other) noexcept
  {
    std::swap(owner_, other.owner_);
    std::swap(record_, other.record_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(topic_hash_, other.topic_hash_);
    std::swap(topic_size_, other.topic_size_);
    std::swap(capacity_, other.capacity_);
    std::swap(type_, other.type_);
  }
  SHMBUS_API void give_back() noexcept;

  std::shared_ptr<core::writer> owner_;
  core::chunk_record* record_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::uint64_t topic_hash_ = 0;
  std::uint32_t topic_size_ = 0;
  std::uint64_t type_ = untyped;

  template <class T>
  friend class typed_loan;
};

/// A loan that holds a T, already constructed.
template <class T>
class typed_loan {
public:
  /// An empty loan.
  typed_loan() noexcept = default;
  /// Takes `memory` over and makes a value-initialised T in it; `memory` has sizeof(T) bytes at
  /// least, as `publisher.loan<T>(topic)` sees to.
  explicit typed_loan(shmbus::loan&& memory) : memory_(std::move(memory))
  {
    require_publishable<T>();
    memory_.type_ = type_id<T>();
    if (memory_.data_) ::new (static_cast<void*>(memory_.data_)) T{};
  }

  /// The T in shared memory. It must not be empty().
  T& operator*() noexcept { return *get(); }
  /// The T in shared memory. It must not be empty().
  T* operator->() noexcept { return get(); }
  /// The T in shared memory; null if it is empty().
  T* get() noexcept { return std::launder(reinterpret_cast<T*>(memory_.data_)); }
  /// Whether there is no memory here: default-made, moved from or published.
  bool empty() const noexcept { return memory_.empty(); }

  /// The same memory as a plain loan: what `publish` takes. The typed loan is empty afterwards.
  shmbus::loan&& untyped() && noexcept { return std::move(memory_); }

private:
  shmbus::loan memory_;
};

}  // namespace shmbus
