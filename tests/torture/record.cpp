#include "torture/record.hpp"

#include <algorithm>
#include <cstring>

namespace torture {
namespace {

std::uint64_t sum_of(const record& r) { return r.n * 31 + r.size * 7 + r.began_ns; }

std::byte filler(const record& r) { return static_cast<std::byte>(r.n * 13 + r.size); }

}  // namespace

void fill(std::span<std::byte> memory, std::uint64_t n, std::uint64_t began_ns)
{
  record r{n, began_ns, memory.size(), 0};
  r.sum = sum_of(r);
  std::memcpy(memory.data(), &r, sizeof r);
  std::ranges::fill(memory.subspan(sizeof r), filler(r));
}

std::string ledger::enter(const shmbus::message& m, std::uint64_t lost)
{
  const auto bytes = m.payload();
  record r;
  if (bytes.size() < sizeof r) return "a message of " + std::to_string(bytes.size()) + " bytes";
  std::memcpy(&r, bytes.data(), sizeof r);
  if (r.size != bytes.size() || r.sum != sum_of(r)) return "a message with a wrong sum";
  const auto rest = bytes.subspan(sizeof r);
  if (!std::ranges::all_of(rest, [&](std::byte b) { return b == filler(r); }))
    return "a message with wrong bytes";

  const auto [place, first] = next_.try_emplace(m.publisher(), 0);
  // Of one that published before we subscribed, the beginning is not ours.
  if (first && r.began_ns <= subscribed_ns_) place->second = r.n;
  if (r.n < place->second)
    return "message " + std::to_string(r.n) + " after " + std::to_string(place->second - 1);
  gaps_ += r.n - place->second;
  place->second = r.n + 1;
  if (gaps_ > lost)
    return std::to_string(gaps_) + " messages missing, " + std::to_string(lost) +
           " counted as lost";
  if (!loses_ && lost != 0) return "lost " + std::to_string(lost) + " in spite of back-pressure";
  return {};
}

}  // namespace torture
