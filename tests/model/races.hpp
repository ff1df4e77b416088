#pragma once

#include <cstddef>

/// Accesses to ordinary memory: the sources in the model are compiled as for the thread sanitizer,
/// whose calls come here.
namespace model::races {

void begin() noexcept;

/// For what is not compiled so.
void access(const void* where, std::size_t size, bool writes) noexcept;

}  // namespace model::races
