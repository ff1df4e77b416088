#pragma once

#include <sys/types.h>

#include <cstdint>
#include <system_error>
#include <utility>

namespace shmbus::shm {

/// The calling thread's errno as the library's error: permission_denied and no_space where they
/// fit, else the system's own code.
std::error_code last_error() noexcept;
std::error_code system_error(int error_number) noexcept;

/// An open file; closed with its owner.
class file {
public:
  file() noexcept = default;
  explicit file(int descriptor) noexcept : descriptor_(descriptor) {}
  file(file&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file& operator=(file&& other) noexcept
  {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~file() { close(); }

  int descriptor() const noexcept { return descriptor_; }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  void close() noexcept;

private:
  int descriptor_ = -1;
};

/// Opens `name` relative to `directory` (AT_FDCWD for the current one). Always close-on-exec, never
/// through a symbolic link. Not open afterwards if `ec` is set.
file open_at(int directory, const char* name, int flags, ::mode_t mode,
             std::error_code& ec) noexcept;

/// Whether two names lead to the same file: device and inode.
struct file_identity {
  ::dev_t device = 0;
  ::ino_t inode = 0;
  friend bool operator==(const file_identity&, const file_identity&) = default;
};
file_identity identity(const file& f, std::error_code& ec) noexcept;
file_identity identity_at(int directory, const char* name, std::error_code& ec) noexcept;

/// Takes room for a byte range from the file system, so that touching it can't fault with SIGBUS.
void reserve(const file& f, std::uint64_t offset, std::uint64_t size, std::error_code& ec) noexcept;

/// Renames within `directory`; fails with EEXIST if `to` exists, also if it is an empty directory.
void rename_exclusive(int directory, const char* from, const char* to,
                      std::error_code& ec) noexcept;

}  // namespace shmbus::shm
