// Waits for a message, but not for longer than it wants to: receive() || timer.
//
// The receive that lost the race was cancelled and has taken nothing: the message that comes a
// moment later is there for the next one.
//
//   receive_timeout        until Ctrl-C. Meanwhile, in another terminal:
//   shmbus pub --bus receive_timeout /greetings/world 'hello there'
//
//   receive_timeout 3      three messages, from itself, then it ends

#include <shmbus/shmbus.hpp>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <variant>

using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

// Returns how often it had to wait for too long.
asio::awaitable<int> listen(shmbus::subscriber& sub, int count)
{
  asio::steady_timer timer{sub.get_executor()};
  int timeouts = 0;
  for (int received = 0; count == 0 || received < count;) {
    timer.expires_after(100ms);
    auto first = co_await (sub.receive() || timer.async_wait(asio::use_awaitable));
    if (const auto* m = std::get_if<shmbus::message>(&first)) {
      ++received;
      std::cout << m->topic() << ' ' << m->text() << std::endl;
    } else if (++timeouts % 10 == 1) {
      std::cout << "nothing for 100 ms, " << timeouts << " times so far" << std::endl;
    }
  }
  co_return timeouts;
}

asio::awaitable<void> speak(shmbus::publisher& pub, int count)
{
  const shmbus::topic topic{"/greetings/self"};
  asio::steady_timer timer{pub.get_executor()};
  for (int n = 1; n <= count; ++n) {
    timer.expires_after(250ms);
    co_await timer.async_wait(asio::use_awaitable);
    const std::string text = "hello " + std::to_string(n);
    co_await pub.publish(topic, text);
  }
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "receive_timeout"}};
  shmbus::subscriber sub{bus};
  sub.subscribe("/greetings/#");
  shmbus::publisher pub{bus};

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });
  int timeouts = 0;
  asio::co_spawn(io, listen(sub, count), [&](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);  // out of run()
    timeouts = result;
    signals.cancel();
  });
  asio::co_spawn(io, speak(pub, count), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();

  std::cout << timeouts << " timeouts, " << sub.lost() << " messages lost" << std::endl;
  return count == 0 || (timeouts > 0 && sub.lost() == 0) ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "receive_timeout: " << e.what() << '\n';
  return 1;
}
