#include "figures.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace demo {
namespace {

void read_memory(std::vector<figure>& out)
{
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (std::uint64_t kib; file >> name >> kib && std::getline(file, unit);) {
    const std::string bytes = std::to_string(kib * 1024);
    if (name == "MemAvailable:") out.push_back({"/host/mem/available", bytes});
    if (name == "MemFree:") out.push_back({"/host/mem/free", bytes});
    if (name == "Cached:") out.push_back({"/host/mem/cached", bytes});
  }
}

void read_network(std::vector<figure>& out)
{
  std::ifstream file("/proc/net/dev");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;  // a heading
    std::istringstream names(line.substr(0, colon)), counters(line.substr(colon + 1));
    std::string name;
    std::array<std::uint64_t, 9> n{};  // eight of receiving, then bytes sent
    names >> name;
    for (auto& i : n) counters >> i;
    out.push_back({"/host/net/" + name + "/rx_bytes", std::to_string(n.front())});
    out.push_back({"/host/net/" + name + "/tx_bytes", std::to_string(n.back())});
  }
}

bool is_disk(const std::string& name)
{
  // Not a partition, nor what is made of a file or of memory.
  return !name.starts_with("loop") && !name.starts_with("ram") &&
         std::filesystem::exists("/sys/block/" + name);
}

void read_disks(std::vector<figure>& out)
{
  std::ifstream file("/proc/diskstats");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string major, minor, name;
    std::array<std::uint64_t, 5> n{};  // reads, merged, sectors, ms, writes
    words >> major >> minor >> name;
    for (auto& i : n) words >> i;
    if (!is_disk(name)) continue;
    out.push_back({"/host/disk/" + name + "/reads", std::to_string(n.front())});
    out.push_back({"/host/disk/" + name + "/writes", std::to_string(n.back())});
  }
}

void read_load(std::vector<figure>& out)
{
  std::ifstream file("/proc/loadavg");
  std::string value;
  for (const char* name : {"1m", "5m", "15m"})
    if (file >> value) out.push_back({std::string("/host/load/") + name, value});
}

}  // namespace

std::vector<figure> host_figures::read()
{
  std::vector<figure> all;
  read_cpus(all);
  read_memory(all);
  read_network(all);
  read_disks(all);
  read_load(all);
  return all;
}

void host_figures::read_cpus(std::vector<figure>& out)
{
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line) && line.starts_with("cpu");) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "cpu") continue;  // all of them together

    // user nice system idle iowait irq softirq steal, in hundredths of a second
    cpu_time now;
    std::uint64_t n = 0;
    for (int i = 0; i != 8 && words >> n; ++i) {
      now.total += n;
      if (i != 3 && i != 4) now.busy += n;
    }
    cpu_time& last = cpus_[name];
    now.load = last.load;
    if (now.total > last.total && now.busy >= last.busy) {
      std::array<char, 16> text;
      std::snprintf(
          text.data(), text.size(), "%.2f",
          static_cast<double>(now.busy - last.busy) / static_cast<double>(now.total - last.total));
      now.load = text.data();
    }
    last = now;
    out.push_back({"/host/cpu/" + name.substr(3) + "/load", now.load});
  }
}

}  // namespace demo
