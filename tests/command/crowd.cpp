// A busy bus for tests of who looks at it: three publishers on 200 topics, twenty subscribers, one of
// them too slow. `crowd NAME` publishes until its standard input ends.
#include "shmbus/sync.hpp"

#include <poll.h>
#include <unistd.h>

#include <deque>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv)
{
  if (argc != 2) return 2;
  shmbus::sync::broker bus({.name = argv[1]});
  std::deque<shmbus::sync::publisher> publishers;
  std::vector<shmbus::topic> topics;
  for (int i = 0; i != 3; ++i) publishers.emplace_back(bus);
  for (int i = 0; i != 200; ++i)
    topics.emplace_back("/crowd/" + std::to_string(i % 3) + "/topic-" + std::to_string(i));
  std::deque<shmbus::sync::subscriber> subscribers;
  for (int i = 0; i != 19; ++i) {
    subscribers.emplace_back(bus);
    subscribers.back().subscribe("/crowd/" + std::to_string(i % 3) + "/#");
  }
  shmbus::sync::subscriber slow(bus, {.queue_capacity = 4});
  slow.subscribe("/crowd/*/topic-7");
  slow.subscribe("/crowd/0/#");

  std::cout << "ready" << std::endl;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  for (std::uint64_t n = 0; ::poll(&input, 1, 5) == 0; ++n) {
    const std::string text = R"({"n":)" + std::to_string(n) + R"(,"list":["a","b"]})";
    for (std::size_t i = 0; i != topics.size(); ++i)
      if (i < 100 || n % 10 == 0) publishers[i % 3].publish(topics[i], text);
    for (auto& s : subscribers)
      while (s.try_receive()) {
      }
    slow.try_receive();
  }
}
