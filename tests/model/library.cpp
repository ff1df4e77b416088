// In place of those parts of lib/core and lib/sync that need real files, threads and descriptors.
#include "model/library.hpp"

#include "core/bus_directory.hpp"
#include "core/bus_format.hpp"
#include "core/death_watch.hpp"
#include "core/deputies.hpp"
#include "core/fork_guard.hpp"
#include "core/heirs.hpp"
#include "core/logging.hpp"
#include "core/recovery.hpp"
#include "model/bus_memory.hpp"
#include "model/event_loop.hpp"
#include "model/explorer.hpp"
#include "model/kernel.hpp"
#include "shmbus/client_info.hpp"
#include "sync/readiness.hpp"
#include "wake/wakeup.hpp"

#include <map>
#include <utility>

namespace shmbus::core {

// Opening finds the one bus that there is.
std::error_code check_config(const broker_config&) noexcept { return {}; }
std::string explain_config(const broker_config&) { return {}; }
bus_files open_bus(const broker_config&, std::error_code& ec)
{
  ec.clear();
  bus_files files;
  files.path = "/model/bus";
  files.lock = std::make_unique<shm::file_lock>();
  files.control = shm::file(model::bus_memory::control_descriptor);
  files.data = shm::file(model::bus_memory::data_descriptor);
  return files;
}
bus_files open_bus_to_look(const broker_config& c, std::error_code& ec) { return open_bus(c, ec); }
void close_bus(bus_files&) noexcept {}
broker_config read_header(const shm::file&, const shm::file&, std::error_code& ec)
{
  ec.clear();
  const geometry& g = model::bus_memory::limits();
  broker_config c;
  c.buffer_size = g.buffer_size;
  c.max_clients = g.max_clients;
  c.max_subscriptions_per_client = g.max_subscriptions_per_client;
  return c;
}

// Nobody forks, and nobody reads a log.
fork_sensitive::fork_sensitive() : made_under_(0) {}
fork_sensitive::~fork_sensitive() = default;
void log_debug(std::string_view) {}
void log_info(std::string_view) {}
void log_warning(std::string_view) {}
void log_error(std::string_view) {}

// The thread of a process that is told of deaths: the loop of death_watch.cpp, which looks several
// times because the kernel tells of a death before it lets the locks go; here it does both at once.
namespace {

struct watch {
  model::kernel::alarm alarm;
  bool ended = false;
};

void look_for_deaths(bus& b, watch& w)
{
  using model::never;
  constexpr std::uint64_t second = 1'000'000'000;
  sweep_stand_in stand_in;
  std::uint64_t due = never;
  while (true) {
    if (!w.alarm.stop && w.alarm.rung == 0) model::block(&w.alarm, due);
    if (w.alarm.stop) break;
    if (model::now_ns() >= due) due = stand_in.look(b) ? model::now_ns() + second : never;
    b.heirs().inherit();
    if (w.alarm.rung == 0) continue;
    w.alarm.rung = 0;
    const sweep_turn turn(b);
    if (!turn) {
      const bool wanted = b.heirs().any_idle() || is_deputy(b);
      if (wanted && stand_in.alarm()) due = model::now_ns() + second;
      continue;
    }
    sweep(b);
    b.heirs().inherit();
  }
  w.ended = true;
}

std::map<const death_watch*, watch*>* watches = nullptr;

}  // namespace

std::unique_ptr<death_watch> death_watch::start(bus& b, std::error_code& ec)
{
  ec.clear();
  std::unique_ptr<death_watch> made(new death_watch(b, {}, {}));
  auto* w = new watch;
  (*watches)[made.get()] = w;
  model::kernel::add(w->alarm);
  model::spawn(model::current_process(), [&b, w] { look_for_deaths(b, *w); });
  return made;
}

death_watch::~death_watch()
{
  watch& w = *(*watches)[this];
  w.alarm.stop = true;
  model::wake(&w.alarm);
  model::kernel::remove(w.alarm);
  while (model::exploring() && !w.ended) model::yield();
}

void death_watch::abandon() noexcept {}

}  // namespace shmbus::core

namespace model {

void begin_library()
{
  using namespace shmbus::core;
  watches = new std::map<const death_watch*, watch*>;
  begin_descriptors();
}

}  // namespace model

namespace shmbus {

std::filesystem::path default_directory() { return "/model"; }

// A descriptor that an event loop of the model can wait for.
namespace wake {
namespace {

class wakeup_of_model final : public wakeup {
public:
  explicit wakeup_of_model(const std::uint32_t* word) : descriptor_(model::new_descriptor(word)) {}
  ~wakeup_of_model() override { model::kernel::remove(waited().deaths); }

  int descriptor() const noexcept override { return descriptor_; }
  void watch(std::uint32_t expected, std::error_code&) noexcept override
  {
    if (waited().expected) return;
    waited().expected = expected;
    model::wake(waited().word);
  }
  bool drain() noexcept override
  {
    waited().expected.reset();
    return std::exchange(waited().deaths.rung, 0) != 0;
  }
  void abandon() noexcept override {}
  const char* name() const noexcept override { return "model"; }

private:
  model::waitable& waited() const noexcept { return model::waitable_of(descriptor_); }

  int descriptor_;
};

}  // namespace

std::unique_ptr<wakeup> make_wakeup(watched w, std::error_code& ec)
{
  ec.clear();
  return std::make_unique<wakeup_of_model>(w.word);
}

}  // namespace wake
// Nobody asks for one of the synchronous API.
namespace sync {
std::unique_ptr<readiness> readiness::open(core::reader&, std::error_code&) { return nullptr; }
void readiness::found_nothing() noexcept {}
bool readiness::wait(const shm::deadline&) noexcept { return false; }
int readiness_group::descriptor(std::error_code&) { return -1; }
bool readiness_group::active() const noexcept { return false; }
void readiness_group::add(int, std::error_code&) {}
}  // namespace sync

}  // namespace shmbus
