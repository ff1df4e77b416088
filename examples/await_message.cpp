// Two coroutines in one thread: one publishes, the other awaits what comes.
//
//   build/examples/await_message
#include <shmbus/shmbus.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

namespace {

asio::awaitable<void> receive(shmbus::subscriber& subscriber)
{
  for (int i = 0; i != 3; ++i) {
    const shmbus::message m = co_await subscriber.receive();  // no thread waits meanwhile
    std::printf("%s %s\n", std::string(m.topic()).c_str(), std::string(m.text()).c_str());
  }
}

asio::awaitable<void> publish(shmbus::publisher& publisher)
{
  const shmbus::topic topic("/sensors/temperature");
  for (const char* degrees : {"25.5", "25.7", "25.6"}) co_await publisher.publish(topic, degrees);
}

void rethrow(std::exception_ptr e)
{
  if (e) std::rethrow_exception(e);  // out of context.run()
}

}  // namespace

int main()
try {
  asio::io_context context;
  shmbus::broker bus(context, {.name = "await_message-" + std::to_string(::getpid())});
  shmbus::publisher publisher(bus);
  shmbus::subscriber subscriber(bus);
  subscriber.subscribe("/sensors/#");  // what is published from here on comes

  asio::co_spawn(context, receive(subscriber), rethrow);
  asio::co_spawn(context, publish(publisher), rethrow);
  context.run();
} catch (const std::exception& e) {
  std::fprintf(stderr, "await_message: %s\n", e.what());
  return 1;
}
