// nng over ipc: a push socket for each receiver, which pulls (its publish-subscribe drops messages).
#include "peers/blocking.hpp"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include <stdexcept>
#include <thread>

namespace {

void made(int result)
{
  if (result != 0) throw std::runtime_error(::nng_strerror(result));
}

std::string address(const peers::options& o, const char* channel, int receiver)
{
  return "ipc://" + o.directory + "/" + channel + "." + std::to_string(receiver);
}

struct nng {
  struct sender {
    sender(const peers::options& o, const char* channel)
        : buffer(o.size), flags(o.sleep ? 0 : NNG_FLAG_NONBLOCK)
    {
      for (int r = 0; r != o.receivers; ++r) {
        ::nng_socket s;
        made(::nng_push0_open(&s));
        while (::nng_dial(s, address(o, channel, r).c_str(), nullptr, 0) != 0)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        sockets.push_back(s);
      }
    }
    template <class Fill>
    void send(std::size_t, Fill fill)
    {
      fill(std::span(buffer));
      for (const auto s : sockets)
        for (int result; (result = ::nng_send(s, buffer.data(), buffer.size(), flags)) != 0;)
          if (result != NNG_EAGAIN) made(result);
    }
    std::vector<std::byte> buffer;
    int flags;
    std::vector<::nng_socket> sockets;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : buffer(o.size), flags(o.sleep ? 0 : NNG_FLAG_NONBLOCK), yield(o.yield)
    {
      made(::nng_pull0_open(&socket));
      made(::nng_listen(socket, address(o, channel, o.id).c_str(), nullptr, 0));
    }
    template <class See>
    void receive(See see)
    {
      std::size_t size = buffer.size();
      for (int result; (result = ::nng_recv(socket, buffer.data(), &size, flags)) != 0;) {
        if (result != NNG_EAGAIN) made(result);
        if (yield) peers::yield_processor();
      }
      see(buffer);
    }
    std::vector<std::byte> buffer;
    int flags;
    bool yield;
    ::nng_socket socket;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<nng>(argc, argv); }
