#include "core/audit.hpp"
#include "core/bus.hpp"
#include "torture/child.hpp"
#include "torture/modes.hpp"
#include "torture/roles.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <string>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// Calls that return whatever the bus holds: with a result or an error, soon. What they give is
// garbage by now, and is read to its end.
template <class Call>
void call(const char* name, arena::figures& f, Call c)
{
  constexpr std::uint64_t soon_ns = 100'000'000;
  std::error_code ec;
  {
    const call_timer timer(f);
    c(ec);
    if (const auto took = timer.elapsed_ns(); took > soon_ns)
      std::printf("%s took %lu ms\n", name, took / 1'000'000);
  }
  ++(ec ? f.refused : f.published);
}

std::size_t read_all(const message& m)
{
  std::size_t sum = m.topic().size();
  for (const char c : m.topic()) sum += static_cast<unsigned char>(c);
  const auto bytes = m.payload();
  // The first and the last page, and a byte of each between.
  for (std::size_t i = 0; i < bytes.size(); i += i + 4096 < bytes.size() && i >= 4096 ? 4096 : 1)
    sum += static_cast<std::size_t>(bytes[i]);
  return sum;
}

// Opens the bus again and again until the arena says stop, and uses it.
template <class Use>
int use_until_stopped(const broker_config& config, Use use)
{
  while (!shared_arena().stop) {
    std::error_code ec;
    sync::broker bus(config, ec);
    if (ec)
      sleep_us(100);
    else
      use(bus);
  }
  return 0;
}

int publish_to_garbage(const broker_config& config, arena::figures& f)
{
  std::mt19937 random(static_cast<unsigned>(now_ns()));
  const std::vector<std::byte> payload(20'000);
  return use_until_stopped(config, [&](sync::broker& bus) {
    std::error_code ec;
    std::optional<sync::publisher> pub;
    call("join", f, [&](auto& e) {
      pub.emplace(bus, publisher_options{}, e);
      ec = e;
    });
    for (int i = 0; i != 300 && !ec && !shared_arena().stop; ++i) {
      const topic t("/garbage/" + std::to_string(random() % 4));
      const std::size_t size = random() % (random() % 10 == 0 ? payload.size() : 200);
      const std::span<const std::byte> bytes(payload.data(), size);
      switch (random() % 6) {
        case 0: call("publish_for", f, [&](auto& e) { pub->publish_for(t, bytes, 1ms, e); }); break;
        case 1:
          call("loan", f, [&](auto& e) {
            auto l = pub->loan(t, size, e);
            if (!e) pub->try_publish(std::move(l), e);
          });
          break;
        default:
          call("try_publish", f, [&](auto& e) {
            pub->try_publish(t, bytes, e);
            ec = e == errc::closed ? e : std::error_code{};
          });
      }
    }
    call("leave", f, [&](auto&) { pub.reset(); });
  });
}

int receive_garbage(const broker_config& config, overflow policy, arena::figures& f)
{
  std::mt19937 random(static_cast<unsigned>(now_ns()));
  return use_until_stopped(config, [&](sync::broker& bus) {
    std::error_code ec;
    std::optional<sync::subscriber> sub;
    call("join", f, [&](auto& e) {
      sub.emplace(bus, subscriber_options{.queue_capacity = 16, .max_held = 4, .overflow = policy},
                  e);
      ec = e;
    });
    if (ec) return;
    call("subscribe", f, [&](auto& e) { sub->subscribe("/garbage/#", e); });
    std::vector<message> held;
    for (int i = 0; i != 300 && ec != errc::closed && !shared_arena().stop; ++i) {
      call("receive", f, [&](auto& e) {
        auto m = random() % 3 == 0 ? sub->receive_for(1ms, e) : sub->try_receive(e);
        ec = e;
        if (!m) return;
        f.received += read_all(*m) != 0;
        if (held.size() < 3 && random() % 4 == 0) held.push_back(std::move(*m));
      });
      if (random() % 8 == 0) call("release", f, [&](auto&) { held.clear(); });
      if (random() % 32 == 0)
        call("unsubscribe", f, [&](auto& e) { sub->unsubscribe("/garbage/1", e); });
      if (random() % 32 == 0)
        call("subscribe", f, [&](auto& e) { sub->subscribe("/garbage/1", e); });
    }
    call("leave", f, [&](auto&) { sub.reset(); });
  });
}

int look_at_garbage(const broker_config& config, arena::figures& f)
{
  return use_until_stopped(config, [&](sync::broker& bus) {
    call("info", f, [&](auto&) { bus.info(); });
    call("recover", f, [&](auto&) { bus.recover(); });
    audited(bus);  // takes its time on purpose
    sleep_us(500);
  });
}

/// A file of the bus, mapped to be spoiled.
class victim_file {
public:
  explicit victim_file(const std::filesystem::path& path)
  {
    const int f = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    size_ = static_cast<std::size_t>(::lseek(f, 0, SEEK_END));
    void* p = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
    ::close(f);
    if (p == MAP_FAILED) throw std::runtime_error("cannot map " + path.string());
    words_ = static_cast<std::atomic<std::uint64_t>*>(p);
  }
  ~victim_file() { ::munmap(static_cast<void*>(words_), size_); }
  victim_file(const victim_file&) = delete;
  victim_file& operator=(const victim_file&) = delete;

  std::atomic<std::uint64_t>& word_at(std::uint64_t offset) { return words_[offset / 8]; }

private:
  std::atomic<std::uint64_t>* words_;
  std::size_t size_;
};

class spoiler {
public:
  spoiler(sync::broker& bus, std::mt19937_64& random)
      : bus_(*bus.implementation()),
        control_(bus.path() / "control"),
        data_(bus.path() / "data"),
        random_(random)
  {
  }

  void spoil()
  {
    const core::geometry& g = bus_.limits();
    switch (random_() % 12) {
      case 0: return change(control_, up_to(g.fixed_size));  // anything, header included
      case 1: return change(control_, g.data_owners + up_to(bus_.data_pages().high_water() * 8));
      case 2:
        return change(control_, g.control_owners + up_to(bus_.control_pages().high_water() * 8));
      case 3:
      case 4: return change(control_, g.slots + up_to(sizeof(core::client_slot) * 16));
      case 5: return change(control_, g.pending + up_to(8 * g.bitmap_words * 16));
      case 6: return change(control_, g.bells + up_to(sizeof(core::bell) * 8));
      case 7:
      case 8:
      case 9:
        return change(data_, bus_.data_pages().first() * core::page_size +
                                 up_to(6 * core::page_size) / 64 * 64 + up_to(64));
      default: {
        // A page that somebody uses: directory, patterns or lane.
        const auto first = bus_.control_pages().first();
        return change(control_, first * core::page_size + up_to(64 * core::page_size));
      }
    }
  }

private:
  std::uint64_t up_to(std::uint64_t n) { return n == 0 ? 0 : random_() % n; }

  void change(victim_file& f, std::uint64_t offset)
  {
    auto& w = f.word_at(offset);
    switch (random_() % 6) {
      case 0:
      case 1: w ^= std::uint64_t{1} << up_to(64); break;
      case 2: w = random_(); break;
      case 3: w = up_to(300); break;
      case 4: w = w + up_to(5) - 2; break;
      default: w = f.word_at(offset ^ (std::uint64_t{8} << up_to(6))).load(); break;
    }
  }

  core::bus& bus_;
  victim_file control_;
  victim_file data_;
  std::mt19937_64& random_;
};

}  // namespace

int corrupt_mode(const arguments& a)
{
  constexpr std::uint64_t per_bus = 500;
  const std::uint64_t wanted = a.number(0, 20'000);
  std::mt19937_64 random(a.number(1, 1));
  auto& arena = shared_arena();
  int failures = 0;
  std::uint64_t done = 0;
  while (done < wanted && failures == 0) {
    arena.stop = false;
    broker_config config = new_bus();
    config.buffer_size = 1 << 20;
    config.max_clients = 32;
    config.adopt = true;
    {
      sync::broker bus(config);
      spoiler hand(bus, random);
      std::vector<child> all;
      for (std::size_t i = 0; i != 2; ++i)
        all.emplace_back([&, i] { return publish_to_garbage(config, arena.of[i]); });
      for (std::size_t i = 2; i != 5; ++i)
        all.emplace_back(
            [&, i] { return receive_garbage(config, static_cast<overflow>(i - 2), arena.of[i]); });
      all.emplace_back([&] { return look_at_garbage(config, arena.of[5]); });
      sleep_us(3000);
      for (std::uint64_t i = 0; i != per_bus; ++i, ++done) {
        hand.spoil();
        if (i % 4 == 0) sleep_us(random() % 60);
      }
      arena.stop = true;
      for (std::size_t i = 0; i != all.size(); ++i) {
        const std::string how = all[i].wait_for(20);
        if (how.empty()) continue;
        ++failures;
        std::printf("after %lu changes client %zu: %s\n", done, i, how.c_str());
      }
    }
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::path(std::getenv("SHMBUS_DIR")) / config.name,
                                ignored);
  }
  std::uint64_t slowest = 0, fine = 0, refused = 0;
  for (auto& f : arena.of) {
    slowest = std::max(slowest, f.slowest_ns.load());
    fine += f.published;
    refused += f.refused;
  }
  std::printf("%lu changes; %lu calls went well, %lu gave an error, the longest took %.1f ms\n",
              done, fine, refused, static_cast<double>(slowest) / 1e6);
  return failures;
}

}  // namespace torture
