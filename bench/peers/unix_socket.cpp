// Unix sockets that keep messages apart (SOCK_SEQPACKET); blocking, or tried again and again.
#include "peers/blocking.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <thread>

namespace {

::sockaddr_un address(const peers::options& o, const char* channel, int receiver)
{
  ::sockaddr_un a{};
  a.sun_family = AF_UNIX;
  const std::string path = o.directory + "/" + channel + "." + std::to_string(receiver);
  path.copy(a.sun_path, sizeof a.sun_path - 1);
  return a;
}

int made(int result, const char* what)
{
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

struct unix_socket {
  struct sender {
    sender(const peers::options& o, const char* channel)
        : buffer(o.size), flags(o.sleep ? 0 : MSG_DONTWAIT)
    {
      for (int r = 0; r != o.receivers; ++r) {
        const int s = made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
        const auto a = address(o, channel, r);
        while (::connect(s, reinterpret_cast<const ::sockaddr*>(&a), sizeof a) != 0)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        sockets.push_back(s);
      }
    }
    template <class Fill>
    void send(std::size_t, Fill fill)
    {
      fill(std::span(buffer));
      for (const int s : sockets)
        while (::send(s, buffer.data(), buffer.size(), flags) < 0)
          if (errno != EAGAIN) made(-1, "send");
    }
    std::vector<std::byte> buffer;
    int flags;
    std::vector<int> sockets;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : buffer(o.size), senders(o.senders), flags(o.sleep ? 0 : MSG_DONTWAIT), yield(o.yield)
    {
      listener = made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");
      const auto a = address(o, channel, o.id);
      made(::bind(listener, reinterpret_cast<const ::sockaddr*>(&a), sizeof a), "bind");
      made(::listen(listener, 128), "listen");
    }
    template <class See>
    void receive(See see)
    {
      while (std::ssize(polled) != senders)
        polled.push_back({made(::accept(listener, nullptr, nullptr), "accept"), POLLIN, 0});
      while (true) {
        if (polled.size() > 1) ::poll(polled.data(), polled.size(), flags == 0 ? -1 : 0);
        for (const auto& p : polled) {
          if (polled.size() > 1 && !(p.revents & POLLIN)) continue;
          if (::recv(p.fd, buffer.data(), buffer.size(), flags) > 0) {
            see(buffer);
            return;
          }
        }
        if (yield) peers::yield_processor();
      }
    }
    std::vector<std::byte> buffer;
    std::ptrdiff_t senders;
    int flags;
    bool yield;
    int listener;
    std::vector<::pollfd> polled;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<unix_socket>(argc, argv); }
