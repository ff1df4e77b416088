// What the fragments of the documentation are compiled in: scripts/check-samples includes this first.
//
// A fragment is the body of one of the functions below. It finds `bus`, `pub` and `sub`; `sub` is
// subscribed to /sensors/#, where a thread keeps publishing. (No #pragma once: g++ would complain when
// it makes a precompiled header of this.)

#include <shmbus/log.hpp>
#include <shmbus/shmbus.hpp>
#include <shmbus/sync.hpp>
#include <shmbus/system.hpp>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace docs {

using coroutine = asio::awaitable<void> (*)(asio::io_context&, shmbus::broker&, shmbus::publisher&,
                                            shmbus::subscriber&);
using callbacks = void (*)(asio::io_context&, shmbus::broker&, shmbus::publisher&,
                           shmbus::subscriber&);
using blocking = void (*)(shmbus::sync::broker&, shmbus::sync::publisher&,
                          shmbus::sync::subscriber&);

struct fragment {
  std::string_view line;
  std::variant<coroutine, callbacks, blocking> body;
  bool until_closed = false;  // it has no other end
};

// Publishes until it is destroyed; calls `close` after a while, if there is such a function.
inline std::jthread keep_publishing(std::function<void()> close)
{
  return std::jthread([close](const std::stop_token& stop) {
    shmbus::sync::broker bus;
    shmbus::sync::publisher pub{bus};
    const shmbus::topic temperature{"/sensors/temperature"};
    for (int n = 0; !stop.stop_requested(); ++n) {
      std::error_code full;
      pub.try_publish(temperature, "25.5", full);
      if (n == 40 && close) close();
      std::this_thread::sleep_for(5ms);
    }
  });
}

inline void run(const fragment& f, blocking body)
{
  shmbus::sync::broker bus;
  shmbus::sync::publisher pub{bus};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe("/sensors/#");
  const auto world =
      keep_publishing(f.until_closed ? std::function<void()>([&] { sub.close(); }) : nullptr);
  body(bus, pub, sub);
}

template <class Body>
void run(const fragment& f, Body body)
{
  asio::io_context io;
  shmbus::broker bus{io};
  shmbus::publisher pub{bus};
  shmbus::subscriber sub{bus};
  sub.subscribe("/sensors/#");
  const auto world =
      keep_publishing(f.until_closed ? std::function<void()>([&] { bus.close(); }) : nullptr);
  if constexpr (std::is_same_v<Body, coroutine>) {
    asio::co_spawn(io, body(io, bus, pub, sub), [&](std::exception_ptr failure) {
      io.stop();
      if (failure) std::rethrow_exception(failure);
    });
    io.run();
  } else {
    body(io, bus, pub, sub);
    io.run();
  }
}

// program LINE: runs the fragment that stands there.
inline int main(int argc, char** argv, const std::vector<fragment>& all)
{
  const std::string_view line = argc == 2 ? argv[1] : "";
  for (const fragment& f : all) {
    if (f.line != line) continue;
    try {
      std::visit([&](auto body) { run(f, body); }, f.body);
      return 0;
    } catch (const std::system_error& e) {
      if (f.until_closed && e.code() == shmbus::errc::closed) return 0;
      std::cerr << "ends with: " << e.what() << '\n';
    } catch (const std::exception& e) {
      std::cerr << "ends with: " << e.what() << '\n';
    }
    return 1;
  }
  std::cerr << "there is no fragment in line " << line << '\n';
  return 2;
}

}  // namespace docs
