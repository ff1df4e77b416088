#pragma once

#include "core/bus.hpp"
#include "core/layout.hpp"
#include "shm/futex.hpp"

#include <cstdint>
#include <memory>
#include <system_error>

namespace shmbus::core {

/// Lock byte of bell `i`: behind those of the clients.
inline std::uint64_t bell_byte(const bus& b, std::uint32_t i) noexcept
{
  return first_client_byte + b.limits().max_clients + i;
}

/// The bit of a client in a bitmap of clients.
constexpr std::uint64_t bit_mask(std::uint32_t bit) noexcept
{
  return std::uint64_t{1} << (bit % 64);
}

/// Sets a bit, writing only if it is clear. seq_cst: see the order in notify().
inline void set_bit(shared_u64* words, std::uint32_t bit) noexcept
{
  shared_u64& word = words[bit / 64];
  if (!(word.load(seq_cst) & bit_mask(bit))) word.fetch_or(bit_mask(bit), seq_cst);
}

inline void clear_bit(shared_u64* words, std::uint32_t bit) noexcept
{
  words[bit / 64].fetch_and(~bit_mask(bit), seq_cst);
}

/// Wakes whoever sleeps on a bell, or is about to; no system call if nobody is.
///
/// The word goes up before the wake, and `armed` is taken back last and only if it is still the
/// same ticket: a ringer that dies or stops anywhere here swallows no wake-up.
void ring_armed(bell& b, std::uint64_t armed) noexcept;

inline void ring(bell& b) noexcept
{
  if (const std::uint64_t armed = b.armed.load(seq_cst)) ring_armed(b, armed);
}

/// Rings for a client that is told for another reason than a message.
inline void ring_client(bus& b, std::uint32_t to) noexcept
{
  // seq_cst, as in arm() and attach(): the client shows its bell, then looks at its bits; we set
  // the bit, then look for the bell. One of us sees the other.
  const std::uint64_t place = b.slot(to).bell.load(seq_cst);
  if (place == 0 || place > b.limits().max_clients) return;
  const auto index = static_cast<std::uint32_t>(place - 1);
  set_bit(b.bell_pending(index), to);
  ring(b.bell(index));
}

/// Tells client `to` that client `from` has something for it: the bits, then the bell. All three
/// steps each time, since who set a bit before may have stopped before the next step.
inline void notify(bus& b, std::uint32_t to, std::uint32_t from) noexcept
{
  set_bit(b.pending(to), from);
  ring_client(b, to);
}

/// A bell that this process leased, and the waiting on it.
///
///   arm(); look again; if there was nothing: sleep; disarm()
///
/// Threads: one waits, others may ring().
class leased_bell {
public:
  /// Leases a bell. Errors: errc::too_many_clients if all are taken, forked.
  static std::unique_ptr<leased_bell> lease(std::shared_ptr<bus> b, std::error_code& ec);
  ~leased_bell();
  leased_bell(const leased_bell&) = delete;
  leased_bell& operator=(const leased_bell&) = delete;

  std::uint32_t index() const noexcept { return index_; }
  const std::uint32_t* word() const noexcept { return bell_->word.address(); }
  shared_u64* pending() const noexcept { return bus_->bell_pending(index_); }

  /// From now on ringers ring; the ticket to sleep with.
  std::uint32_t arm() noexcept;
  /// Only by who armed, after waking.
  void disarm() noexcept;
  /// Sleeps until it is rung after arm() gave `ticket`.
  shm::wait_result sleep(std::uint32_t ticket, const shm::deadline& until) noexcept;
  bool rung_since(std::uint32_t ticket) const noexcept;
  void ring() noexcept { core::ring(*bell_); }

  /// Tells the others that this process learns of deaths.
  void told_of_deaths(bool told) noexcept { bell_->told_of_deaths.store(told ? 1 : 0, relaxed); }

private:
  leased_bell(std::shared_ptr<bus> b, std::uint32_t index, std::uint32_t generation);

  std::shared_ptr<bus> bus_;
  bell* bell_;
  std::uint32_t index_;
  std::uint32_t generation_;
};

}  // namespace shmbus::core
