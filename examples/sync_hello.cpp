// Publish and receive without Asio, in one process: nothing here waits for another program.
//
//   build/examples/sync_hello
//
// The two halves may as well stand in two programs: a bus is found by its name.
#include <shmbus/sync.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>

int main()
try {
  using namespace std::chrono_literals;
  // A bus of our own, so that no other program's messages come in between.
  shmbus::sync::broker bus({.name = "sync_hello-" + std::to_string(::getpid())});

  shmbus::sync::subscriber subscriber(bus);
  subscriber.subscribe("/greetings/*");

  shmbus::sync::publisher publisher(bus);
  const shmbus::topic topic("/greetings/english");
  const std::size_t reached = publisher.publish(topic, "hello");
  std::printf("published to %zu subscriber(s)\n", reached);

  // A message as small as this one was copied out of its queue; a larger one is the memory that the
  // publisher filled, until `m` goes.
  const auto m = subscriber.receive_for(1s);
  if (!m) {
    std::fprintf(stderr, "no message came\n");
    return 1;
  }
  std::printf("%s: %s\n", std::string(m->topic()).c_str(), std::string(m->text()).c_str());
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "sync_hello: %s\n", e.what());  // says what was attempted, on which bus
  return 1;
}
