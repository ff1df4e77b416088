#include "shm/mapping.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace shmbus::shm {

mapping::mapping(const file& f, std::size_t size, access a, std::error_code& ec) noexcept
{
  const int protection = a == access::read_only ? PROT_READ : PROT_READ | PROT_WRITE;
  void* p = ::mmap(nullptr, size, protection, MAP_SHARED, f.descriptor(), 0);
  if (p == MAP_FAILED) {
    ec = last_error();
    return;
  }
  // A child must not write with the parent's identity; it gets errc::forked instead.
  if (::madvise(p, size, MADV_DONTFORK) != 0) {
    ec = last_error();
    ::munmap(p, size);
    return;
  }
  ::madvise(p, size, MADV_DONTDUMP);  // a core file need not hold everybody's messages
  begin_ = static_cast<std::byte*>(p);
  size_ = size;
  ec.clear();
}

mapping::~mapping()
{
  if (begin_) ::munmap(begin_, size_);
}

}  // namespace shmbus::shm
