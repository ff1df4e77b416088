// An event loop that is not Asio's: bare epoll. A subscriber has a descriptor that is readable while
// a message is there; here it stands in one loop with a timer, and no other thread helps.
//
//   epoll_loop             until Ctrl-C. Meanwhile, in another terminal:
//   shmbus pub --bus epoll_loop /greetings/world 'hello there'
//
//   epoll_loop 3           three messages, from its own timer, then it ends

#include <shmbus/sync.hpp>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>

int check(int result, const char* what)
{
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

struct descriptor {
  explicit descriptor(int opened) : fd(opened) {}
  descriptor(const descriptor&) = delete;
  ~descriptor() { ::close(fd); }

  const int fd;
};

void watch(const descriptor& epoll, int fd)
{
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  check(::epoll_ctl(epoll.fd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  shmbus::sync::broker bus{{.name = "epoll_loop"}};
  shmbus::sync::subscriber sub{bus};
  sub.subscribe("/greetings/#");
  shmbus::sync::publisher pub{bus};
  const shmbus::topic topic{"/greetings/self"};

  const descriptor epoll{check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
  const descriptor timer{
      check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create")};
  watch(epoll, timer.fd);
  watch(epoll, sub.native_handle());  // the subscriber's: not to be read or closed
  if (count != 0) {
    const itimerspec each_50_ms{{0, 50'000'000}, {0, 50'000'000}};
    check(::timerfd_settime(timer.fd, 0, &each_50_ms, nullptr), "timerfd_settime");
  }

  for (int sent = 0, received = 0; count == 0 || received < count;) {
    std::array<epoll_event, 8> events;
    const int ready = ::epoll_wait(epoll.fd, events.data(), events.size(), -1);
    if (ready < 0 && errno == EINTR) continue;
    check(ready, "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      if (std::uint64_t ticks; events[i].data.fd == timer.fd) {
        if (::read(timer.fd, &ticks, sizeof ticks) == sizeof ticks && sent < count)
          pub.try_publish(topic, "hello " + std::to_string(++sent));
      } else {
        while (const auto m = sub.try_receive()) {  // until empty: then it is readable no more
          std::cout << m->topic() << ' ' << m->text() << std::endl;
          ++received;
        }
      }
    }
  }
  return 0;
} catch (const std::exception& e) {
  std::cerr << "epoll_loop: " << e.what() << '\n';
  return 1;
}
