#pragma once

#include "core/bus.hpp"
#include "core/clients.hpp"
#include "core/subscription_table.hpp"
#include "test.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

/// A bus that no other test has, below the layer of publishers and subscribers.
struct core_fixture {
  core_fixture() : bus(open(32, 4)) {}

  static std::shared_ptr<shmbus::core::bus> open(std::uint32_t clients, std::uint32_t subscriptions)
  {
    static std::atomic<int> count{0};
    std::error_code ec;
    auto b = shmbus::core::bus::open({.name = "core-" + std::to_string(count++),
                                      .buffer_size = 1 << 20,
                                      .max_clients = clients,
                                      .max_subscriptions_per_client = subscriptions},
                                     ec);
    REQUIRE_FALSE(ec);
    return b;
  }

  shmbus::core::lessee join(shmbus::core::client_role role, shmbus::subscriber_options o = {})
  {
    const auto me = shmbus::core::join(*bus, role, o, ec);
    REQUIRE(me);
    return *me;
  }

  std::shared_ptr<shmbus::core::bus> bus;
  std::error_code ec;
};

/// The same, with clients that die.
struct mortal_fixture : core_fixture {
  std::shared_ptr<shmbus::core::bus> another_handle()
  {
    auto b = shmbus::core::bus::open({.name = bus->config().name, .adopt = true}, ec);
    REQUIRE_FALSE(ec);
    return b;
  }

  // A client of which nobody is told; whether it still counts as one that lives.
  shmbus::core::lessee die()
  {
    auto own = another_handle();
    const auto me = shmbus::core::join(*own, shmbus::core::client_role::subscriber, {}, ec);
    REQUIRE(me);
    own->lock().abandon();  // as the kernel does for a process that was killed
    return *me;
  }
  bool lives(shmbus::core::lessee client)
  {
    const auto now =
        shmbus::core::slot_word::unpack(bus->slot(client.slot).state.load(shmbus::core::seq_cst));
    return now.generation == client.generation && now.owned();
  }

  // Whether its death is noticed, while `meanwhile()` is called for long enough.
  template <class Meanwhile>
  bool noticed(shmbus::core::lessee dead, Meanwhile meanwhile)
  {
    for (int i = 0; lives(dead) && i != 600; ++i) meanwhile();
    return !lives(dead);
  }

  // What a death looks like from outside.
  void alarm() { ::close(::open((bus->path() / "lock").c_str(), O_RDONLY | O_CLOEXEC)); }
};

/// A subscriber that has patterns and nothing else.
struct bare_subscriber {
  bare_subscriber(core_fixture& f, std::string_view pattern, shmbus::subscriber_options o = {})
      : me(f.join(shmbus::core::client_role::subscriber, o)), table(*f.bus, me), bus(*f.bus)
  {
    if (!pattern.empty()) table.add(pattern, f.ec);
    REQUIRE_FALSE(f.ec);
  }
  void leave() { shmbus::core::finish_leave(bus, me); }

  shmbus::core::lessee me;
  shmbus::core::subscription_table table;
  shmbus::core::bus& bus;
};
