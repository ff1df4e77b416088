// iceoryx 2: untyped publisher and subscriber, a WaitSet to sleep; needs its daemon, iox-roudi.
#include "peers/blocking.hpp"

#include <iceoryx_posh/mepoo/chunk_header.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <unistd.h>

#include <thread>

namespace {

using namespace std::chrono_literals;

iox::RuntimeName_t runtime_name()
{
  return {iox::cxx::TruncateToCapacity, "peer-" + std::to_string(::getpid())};
}

iox::capro::ServiceDescription service(const peers::options& o, const char* channel)
{
  return {{iox::cxx::TruncateToCapacity, "compare"},
          {iox::cxx::TruncateToCapacity, o.label},
          {iox::cxx::TruncateToCapacity, channel}};
}

void join()
{
  static const bool joined = [] {
    iox::runtime::PoshRuntime::initRuntime(runtime_name());
    return true;
  }();
  static_cast<void>(joined);
}

struct iceoryx {
  struct sender {
    sender(const peers::options& o, const char* channel)
        : publisher((join(), service(o, channel)), settings())
    {
      while (!publisher.hasSubscribers()) std::this_thread::sleep_for(1ms);
      if (o.receivers > 1) std::this_thread::sleep_for(1s);  // it does not tell how many there are
    }
    static iox::popo::PublisherOptions settings()
    {
      iox::popo::PublisherOptions s;
      s.subscriberTooSlowPolicy = iox::popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
      return s;
    }
    template <class Fill>
    void send(std::size_t size, Fill fill)
    {
      while (true) {
        auto loan = publisher.loan(static_cast<std::uint32_t>(size));
        if (loan.has_error()) continue;  // all chunks are in use
        fill(std::span(static_cast<std::byte*>(loan.value()), size));
        publisher.publish(loan.value());
        return;
      }
    }
    iox::popo::UntypedPublisher publisher;
  };

  struct receiver {
    receiver(const peers::options& o, const char* channel)
        : size(o.size),
          sleep(o.sleep),
          yield(o.yield),
          subscriber((join(), service(o, channel)), settings(o))
    {
      if (sleep)
        set.attachState(subscriber, iox::popo::SubscriberState::HAS_DATA).or_else([](auto) {
          throw std::runtime_error("attachState");
        });
    }
    static iox::popo::SubscriberOptions settings(const peers::options& o)
    {
      iox::popo::SubscriberOptions s;
      s.queueCapacity = o.size >= 65536 ? 4 : 256;
      s.queueFullPolicy = iox::popo::QueueFullPolicy::BLOCK_PRODUCER;
      return s;
    }
    template <class See>
    void receive(See see)
    {
      while (true) {
        auto taken = subscriber.take();
        if (!taken.has_error()) {
          see(peers::bytes(static_cast<const std::byte*>(taken.value()), size));
          subscriber.release(taken.value());
          return;
        }
        if (sleep)
          set.wait();
        else if (yield)
          peers::yield_processor();
      }
    }
    std::size_t size;
    bool sleep, yield;
    iox::popo::UntypedSubscriber subscriber;
    iox::popo::WaitSet<> set;
  };
};

}  // namespace

int main(int argc, char** argv) { return peers::main<iceoryx>(argc, argv); }
