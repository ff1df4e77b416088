// ZeroMQ over ipc: XPUB that drops nothing, and SUB.
#include "peers/blocking.hpp"

#include <zmq.h>

#include <cerrno>
#include <stdexcept>

namespace {

int made(int result)
{
  if (result < 0) throw std::runtime_error(::zmq_strerror(::zmq_errno()));
  return result;
}

std::string address(const peers::options& o, const char* channel, int sender)
{
  return "ipc://" + o.directory + "/" + channel + "." + std::to_string(sender);
}

struct zeromq {
  struct base {
    base() : context(::zmq_ctx_new()) {}
    ~base()
    {
      ::zmq_close(socket);
      ::zmq_ctx_term(context);
    }
    void* context;
    void* socket = nullptr;
  };

  struct sender : base {
    sender(const peers::options& o, const char* channel)
        : buffer(o.size), flags(o.sleep ? 0 : ZMQ_DONTWAIT)
    {
      socket = ::zmq_socket(context, ZMQ_XPUB);
      const int yes = 1;
      made(::zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &yes, sizeof yes));
      made(::zmq_setsockopt(socket, ZMQ_XPUB_VERBOSE, &yes,
                            sizeof yes));  // tell of each, not the first
      made(::zmq_bind(socket, address(o, channel, o.id).c_str()));
      char subscription[16];
      for (int r = 0; r != o.receivers; ++r)
        made(::zmq_recv(socket, subscription, sizeof subscription, 0));
    }
    template <class Fill>
    void send(std::size_t, Fill fill)
    {
      fill(std::span(buffer));
      while (::zmq_send(socket, buffer.data(), buffer.size(), flags) < 0)
        if (::zmq_errno() != EAGAIN) made(-1);
    }
    std::vector<std::byte> buffer;
    int flags;
  };

  struct receiver : base {
    receiver(const peers::options& o, const char* channel)
        : buffer(o.size), flags(o.sleep ? 0 : ZMQ_DONTWAIT), yield(o.yield)
    {
      socket = ::zmq_socket(context, ZMQ_SUB);
      const int soon = 10;
      made(::zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &soon, sizeof soon));
      made(::zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0));
      for (int s = 0; s != o.senders; ++s)
        made(::zmq_connect(socket, address(o, channel, s).c_str()));
    }
    template <class See>
    void receive(See see)
    {
      while (::zmq_recv(socket, buffer.data(), buffer.size(), flags) < 0) {
        if (::zmq_errno() != EAGAIN) made(-1);
        if (yield) peers::yield_processor();
      }
      see(buffer);
    }
    std::vector<std::byte> buffer;
    int flags;
    bool yield;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<zeromq>(argc, argv); }
