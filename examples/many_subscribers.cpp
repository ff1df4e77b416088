// Many subscribers in one context: they share one bell, so a message for all of them wakes the
// thread once or a few times, not five hundred times. While nothing comes, they cost nothing.
//
//   many_subscribers       until Ctrl-C. Meanwhile, in another terminal:
//   shmbus pub --bus many_subscribers /news/today 'sunny'
//
//   many_subscribers 3     three messages, from a thread of its own, then it ends

#include <shmbus/shmbus.hpp>
#include <shmbus/sync.hpp>

#include <asio.hpp>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

constexpr int subscribers = 500;

// How often this thread went to sleep: its voluntary context switches.
long sleeps()
{
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

struct tally {
  int heard = 0;  // all on one thread, so it is a plain int
  const long began = sleeps();
  long reported = began;
};

asio::awaitable<void> listen(shmbus::subscriber& sub, tally& all)
{
  while (true) {
    const shmbus::message m = co_await sub.receive();
    if (++all.heard % subscribers != 0) continue;
    const long now = sleeps();
    std::cout << m.text() << ": received " << subscribers << " times; the thread slept "
              << now - all.reported << " times" << std::endl;
    all.reported = now;
  }
}

// What another process would do. Here it is a thread, with a broker of its own.
void publish(asio::io_context& io, int count)
try {
  shmbus::sync::broker bus{{.name = "many_subscribers"}};
  shmbus::sync::publisher pub{bus};
  const shmbus::topic topic{"/news/today"};
  for (int n = 1; n <= count; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // they are asleep again
    pub.publish(topic, "news " + std::to_string(n));
  }
} catch (const std::exception& e) {
  std::cerr << "publishing: " << e.what() << std::endl;
  io.stop();
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "many_subscribers"}};
  tally all;
  std::vector<shmbus::subscriber> subs;
  subs.reserve(subscribers);  // coroutines hold references to them
  for (int i = 0; i < subscribers; ++i) {
    subs.emplace_back(bus).subscribe("/news/#");
    asio::co_spawn(io, listen(subs.back(), all), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);  // out of run()
    });
  }
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });

  const auto publishing = std::async(std::launch::async, publish, std::ref(io), count);
  while ((count == 0 || all.heard < count * subscribers) && io.run_one() != 0) continue;

  // More than once for a message, if it was quicker to wake than the publisher to tell the others.
  const long naps = all.reported - all.began;
  return count == 0 || (all.heard == count * subscribers && naps <= all.heard / 2) ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "many_subscribers: " << e.what() << '\n';
  return 1;
}
