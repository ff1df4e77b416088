// Boost.Interprocess message_queue: one for each receiver.
#include "peers/blocking.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>

#include <memory>
#include <thread>

namespace {

namespace ipc = boost::interprocess;

struct message_queue {
  static std::string name(const peers::options& o, const char* channel, int receiver)
  {
    return o.label + "." + channel + "." + std::to_string(receiver);
  }

  struct sender {
    sender(const peers::options& o, const char* channel) : buffer(o.size), poll(!o.sleep)
    {
      for (int r = 0; r != o.receivers; ++r) {
        while (true) try {
            queues.push_back(
                std::make_unique<ipc::message_queue>(ipc::open_only, name(o, channel, r).c_str()));
            break;
          } catch (const ipc::interprocess_exception&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
          }
      }
    }
    template <class Fill>
    void send(std::size_t, Fill fill)
    {
      fill(std::span(buffer));
      for (auto& q : queues) {
        if (!poll)
          q->send(buffer.data(), buffer.size(), 0);
        else
          while (!q->try_send(buffer.data(), buffer.size(), 0)) {
          }
      }
    }
    std::vector<std::byte> buffer;
    bool poll;
    std::vector<std::unique_ptr<ipc::message_queue>> queues;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : buffer(o.size),
          poll(!o.sleep),
          yield(o.yield),
          own(name(o, channel, o.id)),
          queue(ipc::create_only, own.c_str(), o.size > 65536 ? 16 : 256, o.size)
    {
    }
    ~receiver() { ipc::message_queue::remove(own.c_str()); }
    template <class See>
    void receive(See see)
    {
      ipc::message_queue::size_type size;
      unsigned priority;
      if (!poll)
        queue.receive(buffer.data(), buffer.size(), size, priority);
      else
        while (!queue.try_receive(buffer.data(), buffer.size(), size, priority))
          if (yield) peers::yield_processor();
      see(buffer);
    }
    std::vector<std::byte> buffer;
    bool poll, yield;
    std::string own;
    ipc::message_queue queue;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<message_queue>(argc, argv); }
