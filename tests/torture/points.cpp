#include "torture/child.hpp"
#include "torture/crash_point.hpp"
#include "torture/modes.hpp"
#include "torture/record.hpp"
#include "torture/roles.hpp"
#include "torture/sender.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <thread>
#include <utility>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

const topic from_victim{"/from/victim"};
const topic from_orphan{"/from/an-orphan-with-a-long-topic"};
const topic to_victim{"/to/victim"};

// Everything that a client writes into a bus, one after the other; the same each time.
int use_all(const broker_config& config, overflow policy)
{
  become_victim(steps::writes_and_calls);
  sync::broker bus(config);
  std::error_code ec;
  std::optional<message> held;
  {
    sync::subscriber sub(bus, small(policy));
    sub.subscribe("/from/#");
    sub.subscribe("/to/*");
    for (int i = 0; i != 20; ++i) sub.subscribe("/more/" + std::to_string(i));
    sender first(bus);
    {
      sync::subscriber other(bus, small(policy));
      other.subscribe("/from/#");
      first.send(from_victim, 40);
    }
    // More than the bus holds, so that the oldest ones give way where that is agreed on.
    for (int i = 0; i != 5; ++i) first.send(from_victim, 300'000);
    while (sub.try_receive(ec)) {
    }
    for (std::size_t i = 0; i != 12; ++i) {
      first.send(from_victim, i == 3 ? 3000 : 40 * i);
      if (i == 5) first.send_loan(from_victim);
      if (i % 2 == 0) sub.try_receive(ec);
    }
    first.send(from_victim, 50, 1ms);      // waits for room, if there is back-pressure
    first.pub.loan(from_victim, 100, ec);  // and gives it back
    {
      std::thread waiting([&] { first.send(from_victim, 50, 50ms); });
      std::this_thread::sleep_for(200us);
      while (sub.try_receive(ec)) {
      }
      waiting.join();
    }
    {
      sender orphan(bus);
      orphan.send(from_orphan, 60);
      orphan.send(from_orphan, 60);
    }
    while (sub.try_receive(ec)) {
    }
    sub.receive_for(1ms, ec);
    sub.unsubscribe("/to/*");
    sub.subscribe("/other");
    first.pub.wait_for_subscribers(topic("/nobody"), 1, 1ms);
    first.send(from_victim, 60);
    held = sub.try_receive(ec);
    held.reset();
    sub.native_handle(ec);
    first.send(from_victim, 60);
    sub.receive_for(1ms, ec);
    sub.receive_for(1ms, ec);
    first.send(from_victim, 60);
    held = sub.try_receive(ec);
  }
  held.reset();  // the last one of a subscriber that has left
  bus.recover();
  bus.info();
  return 0;
}

// Who comes after somebody died, and puts things in order.
int clean_up(const broker_config& config, overflow policy)
{
  become_victim(steps::writes_and_calls);
  sync::broker bus(config);
  bus.recover();
  sync::subscriber sub(bus, small(policy));
  sub.subscribe("/from/#");
  sender s(bus);
  s.send(from_victim, 100);
  std::error_code ec;
  while (sub.try_receive(ec)) {
  }
  bus.recover();
  return 0;
}

// A bystander, who is not to notice anything.
int go_on(const broker_config& config, overflow policy)
{
  sync::broker bus(config);
  sync::subscriber sub(bus, small(policy));
  sub.subscribe("/from/#");
  ledger received(now_ns(), policy != overflow::block);
  sender s(bus);
  auto& arena = shared_arena();
  arena.ready = 1;
  while (!arena.stop) {
    s.send(to_victim, 70);
    std::error_code ec;
    while (const auto m = sub.try_receive(ec)) {
      const std::string wrong = received.enter(*m, sub.lost());
      if (!wrong.empty()) {
        std::fprintf(stderr, "bystander: %s\n", wrong.c_str());
        return 4;
      }
    }
    if (ec) return 5;
    sleep_us(20);
  }
  return 0;
}

struct plan {
  overflow policy;
  std::optional<crash_point> first;   // where the victim dies, before which hit
  std::optional<crash_point> second;  // where the one dies who cleans up
};

struct outcome {
  std::string wrong;
  bool first_died = false;
  bool second_died = false;
  std::vector<crash_point> first_hits;
  std::vector<crash_point> second_hits;
};

outcome carry_out(const plan& p)
{
  outcome o;
  auto& arena = shared_arena();
  arena.stop = false;
  arena.ready = 0;
  broker_config config = new_bus();
  config.buffer_size = 1 << 20;
  sync::broker bus(config);
  std::optional<sync::subscriber> sub(std::in_place, bus, small(p.policy));
  sub->subscribe("/from/#");
  ledger received(now_ns(), p.policy != overflow::block);
  const auto receive_all = [&] {
    std::error_code ec;
    while (const auto m = sub->try_receive(ec)) {
      const std::string wrong = received.enter(*m, sub->lost());
      if (!wrong.empty()) o.wrong += "the survivor: " + wrong + "\n";
    }
    if (ec) o.wrong += "the survivor: " + ec.message() + "\n";
  };
  child bystander([&] { return go_on(config, p.policy); });
  while (arena.ready == 0 && bystander.running()) sleep_us(20);
  const auto run = [&](auto role, const std::optional<crash_point>& at, bool& died) {
    disarm();
    take_hits();
    if (at) arm(at->index, at->hits);
    child c([&] { return role(config, p.policy); });
    // With back-pressure somebody has to receive while it publishes.
    std::string how;
    const std::uint64_t began = now_ns();
    // Time alone is no proof: the machine may be busy, or stand still.
    for (int looks = 0; !c.ended(how); ++looks) {
      if (looks > 20'000 && now_ns() - began > 20'000'000'000) {
        c.kill();
        how = "no end";
        break;
      }
      sleep_us(30);
      receive_all();
    }
    died = how == "signal 9";
    if (!how.empty() && !died) o.wrong += "the client ended with " + how + "\n";
    disarm();
    return take_hits();
  };
  o.first_hits = run(use_all, p.first, o.first_died);
  o.second_hits = run(clean_up, p.second, o.second_died);
  bus.recover();
  receive_all();
  const std::string found = audited(bus);
  if (!found.empty()) o.wrong += found;
  // The bus is as good as new.
  {
    sender after(bus);
    if (!after.send(from_victim, 100)) o.wrong += "nobody can publish any more\n";
  }
  receive_all();
  arena.stop = true;
  const std::string how = bystander.wait_for(10);
  if (!how.empty()) o.wrong += "the bystander ended with " + how + "\n";
  receive_all();
  // Nobody has anything to read any more, so nobody who is gone has a reason to stay.
  bus.recover();
  for (const client_info& c : bus.info().clients)
    if (c.publisher) o.wrong += "a publisher that is gone remains, " + c.state + "\n";
  sub.reset();
  o.wrong += remains(bus);
  return o;
}

std::string text(const plan& p)
{
  std::string t = name_of(p.policy);
  if (p.first)
    t += ", dead at " + name_of(p.first->index) + " (" + std::to_string(p.first->hits) + ")";
  if (p.second)
    t += ", its heir at " + name_of(p.second->index) + " (" + std::to_string(p.second->hits) + ")";
  return t;
}

// "lib/core/writer.cpp:71" for each line of the library that writes a shared word, if its source is
// there: with an order that is not spelled std::memory_order_..., as for private atomics.
std::vector<std::string> writes_in_source()
{
  static const std::regex write(
      R"((\.store|\.exchange|\.fetch_\w+|\.compare_exchange)\(.*\b(relaxed|release|acq_rel|acquire|seq_cst)\))");
  static const std::regex private_one(R"(std::memory_order|value_\.)");
  std::vector<std::string> found;
  const char* source = std::getenv("SHMBUS_SOURCE");
  if (!source) return found;
  const std::filesystem::path root(source);
  for (const auto& e : std::filesystem::recursive_directory_iterator(root / "lib")) {
    // bus_format.cpp fills a header that nobody shares yet.
    if (!e.is_regular_file() || e.path().filename() == "bus_format.cpp") continue;
    std::ifstream file(e.path());
    std::string line;
    for (int n = 1; std::getline(file, line); ++n)
      if (std::regex_search(line, write) && !std::regex_search(line, private_one))
        found.push_back(e.path().lexically_relative(root).string() + ":" + std::to_string(n));
  }
  return found;
}

bool come_by(const std::string& where)
{
  for (std::size_t i = 0; i != places(); ++i)
    if (name_of(i) == where) return true;
  return false;
}

// The first time, the last, and one between.
std::set<std::uint32_t> occurrences(std::uint32_t hits) { return {1, (hits + 1) / 2, hits}; }

}  // namespace

int points_mode(const arguments& a)
{
  const std::uint64_t pairs = a.number(0, 300);
  std::mt19937_64 random(1);
  int failures = 0;
  std::uint64_t runs = 0, deaths = 0, both = 0;
  std::set<std::size_t> died_at;
  const auto carry_out_and_count = [&](const plan& p) {
    outcome o = carry_out(p);
    ++runs;
    deaths += o.first_died;
    both += o.first_died && o.second_died;
    if (o.first_died && p.first) died_at.insert(p.first->index);
    if (o.second_died && p.second) died_at.insert(p.second->index);
    if (!o.wrong.empty()) {
      ++failures;
      std::printf("%s:\n%s", text(p).c_str(), o.wrong.c_str());
    }
    return o;
  };
  std::vector<plan> singles;
  std::map<std::size_t, std::uint32_t> heirs_points;
  for (const auto policy : {overflow::drop_oldest, overflow::drop_newest, overflow::block}) {
    const outcome all = carry_out_and_count({policy, {}, {}});
    for (const auto& hit : all.first_hits)
      for (const std::uint32_t n : occurrences(hit.hits))
        singles.push_back({policy, crash_point{hit.index, n}, {}});
  }
  for (const plan& p : singles) {
    if (failures > 20) break;
    const outcome o = carry_out_and_count(p);
    for (const auto& hit : o.second_hits)
      heirs_points[hit.index] = std::max(heirs_points[hit.index], hit.hits);
  }
  std::printf("%zu places, %zu died at, %lu runs, %lu deaths\n", places(), died_at.size(), runs,
              deaths);
  const std::vector<std::pair<std::size_t, std::uint32_t>> heirs(heirs_points.begin(),
                                                                 heirs_points.end());
  const auto pair = [&](plan p, std::size_t heir, std::uint32_t n) {
    p.second = crash_point{heirs[heir].first, n};
    carry_out_and_count(p);
  };
  if (pairs == 0) {
    const auto wanted = [](std::size_t index, const std::string& part) {
      return name_of(index).find(part) != std::string::npos;
    };
    for (const plan& p : singles)
      for (std::size_t i = 0; i != heirs.size() && failures <= 20; ++i)
        if (wanted(p.first->index, a.word(1)) && wanted(heirs[i].first, a.word(2))) pair(p, i, 1);
  } else {
    for (std::uint64_t i = 0; i != pairs && failures <= 20; ++i) {
      const std::size_t heir = random() % heirs.size();
      pair(singles[random() % singles.size()], heir,
           static_cast<std::uint32_t>(1 + random() % std::min(heirs[heir].second, 4u)));
    }
  }
  for (std::size_t i = 0; i != places(); ++i)
    if (!died_at.contains(i)) std::printf("nobody died at %s\n", name_of(i).c_str());
  for (const std::string& where : writes_in_source())
    if (!come_by(where)) std::printf("nobody came by %s\n", where.c_str());
  std::printf("%lu runs, %lu deaths, %lu with the heir too\n", runs, deaths, both);
  return failures;
}

}  // namespace torture
