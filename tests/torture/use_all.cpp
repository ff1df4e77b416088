#include "torture/use_all.hpp"

#include "shmbus/client_info.hpp"
#include "shmbus/sync.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>

namespace torture {

using namespace shmbus;
using namespace std::chrono_literals;

namespace {

// Goes on after an error, as far as it comes; only exceptions that say what the system refused.
void step(const std::function<void()>& f)
{
  try {
    f();
  } catch (const std::system_error&) {
  }
}

}  // namespace

int use_all(const broker_config& config, const std::string& own_name)
{
  int status = 0;
  step([&] {
    broker_config own = config;
    own.name = own_name;
    sync::broker(own).info();
  });
  step([&] { list_buses(); });
  step([&] {
    sync::broker bus(config);
    std::optional<sync::publisher> pub;
    std::optional<sync::subscriber> sub;
    step([&] { pub.emplace(bus); });
    step([&] { sub.emplace(bus); });
    const topic t("/syscalls");
    bool subscribed = false;
    std::size_t reached = 0;
    if (sub)
      step([&] {
        sub->subscribe("/syscalls");
        subscribed = true;
      });
    if (pub) step([&] { reached = pub->try_publish(t, std::string(100'000, 'x')); });
    std::optional<message> m;
    if (sub) step([&] { m = sub->receive_for(1ms); });
    if (reached == 1 && !m) step([&] { m = sub->try_receive(); });
    if ((reached == 1) != m.has_value()) status = 4;
    if (subscribed && pub && reached == 0) step([&] { pub->try_publish(t, "y"); });
    m.reset();
    if (sub) step([&] { sub->native_handle(); });
    if (sub) step([&] { sub->receive_for(1ms); });
    step([&] { bus.native_handle(); });
    if (pub) step([&] { pub->wait_for_subscribers(topic("/nobody"), 1, 1ms); });
    if (pub) step([&] { pub->publish_for(t, "z", 1ms); });
    step([&] { bus.recover(); });
    step([&] { bus.info(); });
  });
  return status;
}

std::string left_beside(const broker_config& config, const std::string& own_name)
{
  broker_config own = config;
  own.name = own_name;
  sync::broker(own).info();
  std::string found;
  for (const auto& e : std::filesystem::directory_iterator(std::getenv("SHMBUS_DIR")))
    if (e.path().filename() != config.name) found += e.path().filename().string() + " remains\n";
  return found;
}

}  // namespace torture
