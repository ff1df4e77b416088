// Many subscribers in one context: they share one bell, so one message for all of them wakes the
// thread once, not five hundred times. While nothing comes, they cost nothing.
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
  int heard = 0;       // of all subscribers together; they run on one thread, so it is a plain int
  long slept = 0;      // when all of them had the last message
  long most_naps = 0;  // that a message took
};

asio::awaitable<void> listen(shmbus::subscriber& sub, tally& all)
{
  while (true) {
    const shmbus::message m = co_await sub.receive();
    if (++all.heard % subscribers != 0) continue;
    const long naps = sleeps() - all.slept;
    if (naps > all.most_naps) all.most_naps = naps;
    std::cout << m.text() << ": received " << subscribers << " times; the thread slept " << naps
              << " times" << std::endl;
    all.slept = sleeps();
  }
}

// What another process would do. Here it is a thread, with a broker of its own.
void publish(int count)
{
  shmbus::sync::broker bus{{.name = "many_subscribers"}};
  shmbus::sync::publisher pub{bus};
  const shmbus::topic topic{"/news/today"};
  for (int n = 1; n <= count; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // they are asleep again
    pub.publish(topic, "news " + std::to_string(n));
  }
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "many_subscribers"}};
  std::vector<shmbus::subscriber> subs;
  subs.reserve(subscribers);  // coroutines hold references to them
  tally all;
  for (int i = 0; i < subscribers; ++i) {
    subs.emplace_back(bus).subscribe("/news/#");
    asio::co_spawn(io, listen(subs.back(), all), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);  // out of run()
    });
  }
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });

  const auto publishing = std::async(std::launch::async, publish, count);
  while ((count == 0 || all.heard < count * subscribers) && io.run_one() != 0) continue;

  // A few: it may have emptied its bell while the publisher had not yet reached the last queue.
  return all.heard == count * subscribers && all.most_naps < subscribers / 10 ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "many_subscribers: " << e.what() << '\n';
  return 1;
}
