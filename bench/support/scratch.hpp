#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>

namespace bench {

/// A directory for the buses of one run, gone afterwards. It is made in $SHMBUS_DIR, else /dev/shm.
class scratch_directory {
public:
  scratch_directory()
  {
    const char* in = std::getenv("SHMBUS_DIR");
    std::string path = std::string(in ? in : "/dev/shm") + "/shmbus-bench.XXXXXX";
    if (!::mkdtemp(path.data())) throw std::runtime_error("cannot make the directory " + path);
    path_ = path;
  }
  ~scratch_directory()
  {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// One T that processes share: made here, and found by its descriptor in a child. T is atomics only,
/// all zero at first.
template <class T>
class shared_object {
public:
  shared_object() : shared_object(::memfd_create("shmbus-bench", 0))
  {
    if (::ftruncate(descriptor_, sizeof(T)) != 0) throw std::runtime_error("no shared memory");
  }
  explicit shared_object(int descriptor) : descriptor_(descriptor)
  {
    void* p = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (p == MAP_FAILED) throw std::runtime_error("no shared memory");
    object_ = static_cast<T*>(p);
  }
  ~shared_object()
  {
    ::munmap(object_, sizeof(T));
    ::close(descriptor_);
  }
  shared_object(const shared_object&) = delete;
  shared_object& operator=(const shared_object&) = delete;

  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  std::string descriptor() const { return std::to_string(descriptor_); }

private:
  int descriptor_;
  T* object_;
};

}  // namespace bench
