// Both APIs on one bus: a coroutine serves, and code that knows no event loop asks it with blocking
// calls, each with a deadline. Neither can tell how the other one waits.
//
//   sync_and_async         serves until Ctrl-C. Meanwhile, in other terminals:
//   shmbus sub --bus sync_and_async /square/answer
//   shmbus pub --bus sync_and_async /square/question 12
//
//   sync_and_async 3       asks itself three times, then it ends

#include <shmbus/shmbus.hpp>
#include <shmbus/sync.hpp>

#include <asio.hpp>

#include <charconv>
#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <iostream>
#include <string>
#include <system_error>

asio::awaitable<void> serve(shmbus::subscriber& sub, shmbus::publisher& pub)
{
  const shmbus::topic topic{"/square/answer"};
  while (true) {
    const shmbus::message question = co_await sub.receive();
    const std::string_view text = question.text();
    int n = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), n);
    const bool good = parsed.ec == std::errc{} && n >= -9999 && n <= 9999;
    const std::string answer = good ? std::to_string(n * n) : "from -9999 to 9999, please";
    co_await pub.publish(topic, answer);
  }
}

// Returns how many answers were right.
int ask(int count)
try {
  using namespace std::chrono_literals;
  shmbus::sync::broker bus{{.name = "sync_and_async"}};
  shmbus::sync::publisher pub{bus};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe("/square/answer");
  const shmbus::topic topic{"/square/question"};
  if (!pub.wait_for_subscribers(topic, 1, 10s)) throw std::runtime_error("nobody serves");

  int right = 0;
  for (int n = 1; n <= count; ++n) {
    pub.publish(topic, std::to_string(n));
    const auto answer = sub.receive_for(10s);
    if (!answer) throw std::runtime_error("no answer");
    std::cout << n << " * " << n << " = " << answer->text() << std::endl;
    if (answer->text() == std::to_string(n * n)) ++right;
  }
  return right;
} catch (const std::exception& e) {
  std::cerr << "asking: " << e.what() << std::endl;
  return 0;
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "sync_and_async"}};
  shmbus::subscriber sub{bus};
  sub.subscribe("/square/question");
  shmbus::publisher pub{bus};

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });
  asio::co_spawn(io, serve(sub, pub), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);  // out of run()
  });
  std::future<int> right;
  if (count != 0)
    right = std::async(std::launch::async, [&] {  // blocks, so it has a thread of its own
      const int n = ask(count);
      io.stop();
      return n;
    });
  io.run();

  return !right.valid() || right.get() == count ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "sync_and_async: " << e.what() << '\n';
  return 1;
}
