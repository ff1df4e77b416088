#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace bench {

/// Two words in memory that processes share, one for each way.
struct futex_words {
  alignas(64) std::atomic<std::uint32_t> there;
  alignas(64) std::atomic<std::uint32_t> back;
};

/// What is sent last.
inline constexpr std::uint32_t last_word = ~std::uint32_t{0};

inline void send(std::atomic<std::uint32_t>& word, std::uint32_t value)
{
  word.store(value);
  ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// Sleeps while the word is `old`; what it is then.
inline std::uint32_t take(std::atomic<std::uint32_t>& word, std::uint32_t old)
{
  while (word.load() == old) ::syscall(SYS_futex, &word, FUTEX_WAIT, old, nullptr, nullptr, 0);
  return word.load();
}

}  // namespace bench
