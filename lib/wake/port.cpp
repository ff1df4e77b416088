#include "shmbus/detail/port.hpp"

#include "core/bells.hpp"
#include "core/reader.hpp"
#include "core/recovery.hpp"
#include "core/writer.hpp"
#include "wake/wakeup.hpp"

#include <bit>

namespace shmbus::detail {

struct port::state {
  std::shared_ptr<core::bus> bus;
  std::unique_ptr<core::leased_bell> bell;
  std::unique_ptr<wake::wakeup> wakeup;
  core::sweep_turn turn;
  core::sweep_stand_in stand_in;
};

std::unique_ptr<port> port::open(const std::shared_ptr<core::bus>& b, std::error_code& ec)
{
  auto s = std::make_unique<state>();
  s->bus = b;
  s->bell = core::leased_bell::lease(b, ec);
  if (!s->bell) return nullptr;
  s->wakeup = wake::make_wakeup({s->bell->word(), b->alarm_descriptor()}, ec);
  if (!s->wakeup) return nullptr;
  s->bell->told_of_deaths(b->alarm_descriptor() >= 0);
  core::sweep(*b);  // who died before the alarm was set rings it no more
  return std::unique_ptr<port>(new port(std::move(s)));
}

port::port(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}

port::~port()
{
  if (state_->bus->forked()) state_->wakeup->abandon();
}

void port::attach(core::reader& r) noexcept { r.enter_and_attach(*state_->bell); }
void port::attach_entered(core::reader& r) noexcept { r.attach(*state_->bell); }
void port::attach(core::writer& w) noexcept { w.attach(*state_->bell); }

int port::descriptor() const noexcept { return state_->wakeup->descriptor(); }
bool port::has_alarm() const noexcept { return state_->bus->alarm_descriptor() >= 0; }

std::chrono::milliseconds port::look_interval() const noexcept
{
  return core::look_interval(*state_->bus);
}

std::uint32_t port::arm() noexcept { return state_->bell->arm(); }

void port::sleep(std::uint32_t ticket, std::error_code& ec) noexcept
{
  state_->wakeup->watch(ticket, ec);
}

bool port::woken() noexcept
{
  const bool alarm = state_->wakeup->drain();
  state_->bell->disarm();
  return alarm && state_->bus->drain_alarm();
}

void port::take_rung(std::vector<std::uint32_t>& clients)
{
  core::shared_u64* pending = state_->bell->pending();
  bool any = false;
  for (std::uint32_t w = 0, end = state_->bus->client_words(); w != end; ++w) {
    if (pending[w].load(core::seq_cst) == 0) continue;
    any = true;
    for (std::uint64_t bits = pending[w].exchange(0, core::seq_cst); bits != 0; bits &= bits - 1)
      clients.push_back(w * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
  }
  // Clear, then look at the clients. Pairs with the publisher's fence between slot and bell: who finds
  // a bit set and leaves it so is either looked at, or sees it cleared.
  if (any) core::fence(core::seq_cst);
}

std::size_t port::recover() noexcept { return core::sweep(*state_->bus); }

void port::recover_in_turn() noexcept { core::sweep_in_turn(*state_->bus); }

bool port::take_turn() noexcept
{
  if (!state_->turn) state_->turn = core::sweep_turn(*state_->bus);
  if (!state_->turn) return false;
  state_->stand_in = {};
  return true;
}

void port::let_turn_go() noexcept
{
  const core::sweep_turn ends(std::move(state_->turn));
  state_->stand_in = {};
}

bool port::stand_by(std::size_t waiting) noexcept
{
  // A subscriber that does not receive just now is told of nothing, and may be an heir.
  const bool wanted = core::is_deputy(*state_->bus) || state_->bus->heirs().size() > waiting;
  return wanted && state_->stand_in.alarm();
}
bool port::stand_in() noexcept { return state_->stand_in.look(*state_->bus); }

void port::inherit(core::bus& b) noexcept { b.heirs().inherit(); }

void port::ring() noexcept { state_->bell->ring(); }

const char* port::backend() const noexcept { return state_->wakeup->name(); }

}  // namespace shmbus::detail
