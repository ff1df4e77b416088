// A bus whose files hold anything: the input is written over the beginning of `control`, and over
// what lies behind it, before a program opens the bus and uses it.
#include "core/audit_look.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/log.hpp"
#include "shmbus/sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

using namespace shmbus;

namespace {

const broker_config config{
    .name = "fuzzed", .buffer_size = 1 << 18, .max_clients = 8, .adopt = true};

// The bus stays in use all the time: one that nobody uses is made anew.
struct place {
  place()
  {
    std::string directory = "/dev/shm/shmbus-fuzz.XXXXXX";
    if (!::mkdtemp(directory.data())) std::abort();
    path = directory;
    ::setenv("SHMBUS_DIR", directory.c_str(), 1);
    logger()->set_level(spdlog::level::off);
    std::atexit([] { std::filesystem::remove_all(std::getenv("SHMBUS_DIR")); });
  }
  std::filesystem::path path;
};

void overwrite(const std::filesystem::path& file, const std::uint8_t* data, std::size_t size)
{
  // Eight bytes say where the next piece goes: so one input spoils several places.
  const int f = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  const auto end = static_cast<std::uint64_t>(::lseek(f, 0, SEEK_END));
  while (size > 2) {
    std::uint16_t where;
    std::memcpy(&where, data, 2);
    const std::size_t piece = std::min<std::size_t>(size - 2, 8 + where % 64);
    const std::uint64_t offset = std::uint64_t{where} * 8 % std::min<std::uint64_t>(end, 1 << 17);
    if (::pwrite(f, data + 2, piece, static_cast<::off_t>(offset)) < 0) break;
    data += 2 + piece;
    size -= 2 + piece;
  }
  ::close(f);
}

void use()
{
  std::error_code ec;
  sync::broker bus(config, ec);
  if (ec) return;
  bus.info();
  sync::subscriber sub(bus, {.queue_capacity = 4, .max_held = 2}, ec);
  if (!ec) sub.subscribe("/#", ec);
  sync::publisher pub(bus, {}, ec);
  if (ec) return;
  for (int i = 0; i != 6; ++i) pub.try_publish(topic("/a"), "text", ec);
  while (const auto m = sub.try_receive(ec)) {
    std::size_t sum = 0;
    for (const char c : m->text()) sum += static_cast<unsigned char>(c);
    if (sum == 1) std::abort();  // so that it is read
  }
  core::audit_look(*bus.implementation()).take();
  bus.recover();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
  static const place here;
  {
    sync::broker keeper(config);
    sync::publisher old(keeper);
    overwrite(here.path / "fuzzed" / "control", data, size);
    use();
  }
  std::filesystem::remove_all(here.path / "fuzzed");
  return 0;
}
