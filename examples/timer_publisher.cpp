// Publishes from a timer: ten messages a second, without drift.
//
//   timer_publisher        until Ctrl-C. Meanwhile, in another terminal:
//   shmbus sub --bus timer_publisher '/clock/#'
//
//   timer_publisher 3      three messages, to itself, then it ends

#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

using namespace std::chrono_literals;

asio::awaitable<void> tick(shmbus::publisher& pub, int count)
{
  const shmbus::topic topic{"/clock/tick"};  // checked and hashed once, used each time
  asio::steady_timer timer{pub.get_executor()};
  auto next = std::chrono::steady_clock::now();
  for (int n = 1; count == 0 || n <= count; ++n) {
    next += 100ms;  // not "100 ms from now": a tick that is late does not delay the others
    timer.expires_at(next);
    co_await timer.async_wait(asio::use_awaitable);

    const std::string text = "tick " + std::to_string(n);
    const std::size_t reached = co_await pub.publish(topic, text);
    std::cout << text << ": " << reached << " subscribers" << std::endl;
  }
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "timer_publisher"}};
  shmbus::publisher pub{bus};
  std::optional<shmbus::subscriber> self;
  if (count != 0) self.emplace(bus).subscribe("/clock/*");

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });
  asio::co_spawn(io, tick(pub, count), [&](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);  // out of run()
    signals.cancel();                              // nothing is left to wait for: run() returns
  });
  io.run();

  int heard = 0;
  while (self && self->try_receive()) ++heard;
  return heard == count ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "timer_publisher: " << e.what() << '\n';
  return 1;
}
