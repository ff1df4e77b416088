#pragma once

#include <cstdint>

namespace torture {

/// Not with a sanitizer, which stands in the same place.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool can_fail_calls = false;
#else
inline constexpr bool can_fail_calls = true;
#endif

/// From now on in this process: the `n`-th system call, counted from 1, fails; 0: none.
void fail_nth_call(std::uint32_t n);
/// How many there were since.
std::uint32_t calls_made();
/// The name of the one that failed, or empty.
const char* failed_call();

}  // namespace torture
