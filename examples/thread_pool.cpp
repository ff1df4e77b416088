// A pool of threads: each coroutine on a strand of its own, and one strand for what they share.
// What a strand runs never runs at the same time, so there is no mutex here.
//
//   thread_pool            until Ctrl-C. Meanwhile, in another terminal:
//   shmbus pub --bus thread_pool /jobs/2 'something to do'
//
//   thread_pool 1000       a thousand jobs for each worker, from itself, then it ends

#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <csignal>
#include <exception>
#include <future>
#include <iostream>
#include <map>
#include <string>
#include <system_error>
#include <vector>

using strand = asio::strand<asio::thread_pool::executor_type>;
using tally = std::map<std::string, int>;

// One receive at a time for each subscriber; different subscribers run at the same time.
asio::awaitable<void> work(shmbus::subscriber sub, strand shared, tally& jobs, int count)
{
  for (int done = 0; count == 0 || done < count; ++done) {
    std::error_code ec;
    const shmbus::message m =
        co_await sub.async_receive(asio::redirect_error(asio::use_awaitable, ec));
    if (ec == shmbus::errc::closed) co_return;
    if (ec) throw std::system_error(ec, "cannot receive");
    // ... here goes what takes long ...
    asio::post(shared, [&jobs, topic = std::string(m.topic())] { ++jobs[topic]; });
  }
}

asio::awaitable<void> give_work(shmbus::publisher pub, std::vector<shmbus::topic> topics, int count)
{
  for (int n = 0; n < count; ++n)
    for (const auto& topic : topics) co_await pub.publish(topic, "a job");
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  tally jobs;  // before the pool: its threads must not outlive it
  asio::thread_pool pool{4};
  const auto shared = asio::make_strand(pool.get_executor());
  shmbus::broker bus{pool, {.name = "thread_pool"}};

  std::vector<shmbus::topic> topics;
  std::vector<std::future<void>> running;  // a future brings the exception of a coroutine here
  for (int i = 1; i <= 4; ++i) {
    const auto& topic = topics.emplace_back("/jobs/" + std::to_string(i));
    shmbus::subscriber sub{bus, {.overflow = shmbus::overflow::block}};
    sub.subscribe(topic.name());
    running.push_back(asio::co_spawn(asio::make_strand(pool.get_executor()),
                                     work(std::move(sub), shared, jobs, count), asio::use_future));
  }
  running.push_back(asio::co_spawn(asio::make_strand(pool.get_executor()),
                                   give_work(shmbus::publisher{bus}, topics, count),
                                   asio::use_future));

  asio::signal_set signals{pool, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { bus.close(); });  // each receive ends: errc::closed
  for (auto& coroutine : running) coroutine.get();
  signals.cancel();
  pool.join();  // what was posted to `shared` has run

  bool complete = jobs.size() == topics.size();
  for (const auto& [topic, done] : jobs) {
    std::cout << topic << ": " << done << " jobs" << std::endl;
    complete = complete && done == count;
  }
  return complete || count == 0 ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "thread_pool: " << e.what() << '\n';
  return 1;
}
