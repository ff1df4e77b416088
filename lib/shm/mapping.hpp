#pragma once

#include "shm/file.hpp"

#include <cstddef>
#include <system_error>
#include <utility>

namespace shmbus::shm {

enum class access { read_only, read_write };

/// A file mapped into memory, shared with other processes but not with children made by fork.
class mapping {
public:
  mapping() noexcept = default;
  mapping(const file& f, std::size_t size, access a, std::error_code& ec) noexcept;
  mapping(mapping&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0))
  {
  }
  mapping& operator=(mapping&& other) noexcept
  {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~mapping();

  std::byte* begin() const noexcept { return begin_; }
  std::size_t size() const noexcept { return size_; }
  explicit operator bool() const noexcept { return begin_ != nullptr; }

  /// Forgets the mapping without unmapping it: for a child of fork, where it does not exist.
  void abandon() noexcept { begin_ = nullptr; }

private:
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shmbus::shm
