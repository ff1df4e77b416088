// Memory comes from the handler's allocator, and is back before the handler runs.
#include "async/fixture.hpp"

#include <cstddef>
#include <memory>

using namespace shmbus;
using test::own_bus;

namespace {

template <class T>
struct counting_allocator {
  using value_type = T;

  explicit counting_allocator(std::ptrdiff_t& b, int& n) : bytes(&b), calls(&n) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : bytes(other.bytes), calls(other.calls)
  {
  }

  T* allocate(std::size_t n)
  {
    *bytes += static_cast<std::ptrdiff_t>(n * sizeof(T));
    ++*calls;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* p, std::size_t n)
  {
    *bytes -= static_cast<std::ptrdiff_t>(n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const counting_allocator& a, const counting_allocator& b)
  {
    return a.bytes == b.bytes;
  }

  std::ptrdiff_t* bytes;
  int* calls;
};

template <>
struct counting_allocator<void> {
  using value_type = void;
  counting_allocator(std::ptrdiff_t& b, int& n) : bytes(&b), calls(&n) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : bytes(other.bytes), calls(other.calls)
  {
  }
  std::ptrdiff_t* bytes;
  int* calls;
};

struct handler {
  using allocator_type = counting_allocator<void>;
  allocator_type get_allocator() const noexcept { return allocator; }

  template <class... Results>
  void operator()(std::error_code ec, Results&&...) const
  {
    CHECK_FALSE(ec);
    CHECK(*allocator.bytes == 0);
    ++*called;
  }

  allocator_type allocator;
  int* called;
};

}  // namespace

TEST_CASE("every byte of an operation is back before its handler runs")
{
  asio::io_context io;
  broker bus(io, own_bus());
  publisher pub(bus);
  subscriber sub(bus, {.queue_capacity = 1, .overflow = overflow::block});
  sub.subscribe("/t");
  const topic t{"/t"};
  std::ptrdiff_t bytes = 0;
  int calls = 0;
  int called = 0;
  asio::cancellation_signal signal;
  const handler h{{bytes, calls}, &called};

  pub.try_publish(t, "there already");
  sub.async_receive(h);
  io.run();
  CHECK(called == 1);

  io.restart();
  sub.async_receive(h);
  io.poll();
  CHECK(calls > 0);
  pub.try_publish(t, "waited for");
  io.run();
  CHECK(called == 2);

  io.restart();
  sub.async_receive(asio::bind_cancellation_slot(signal.slot(), h));
  pub.try_publish(t, "with a slot");
  io.run();
  CHECK(called == 3);

  io.restart();
  pub.try_publish(t, "fills the queue");
  pub.async_publish(t, "waits for room", h);
  io.poll();
  sub.try_receive();
  io.run();
  CHECK(called == 4);
  CHECK(bytes == 0);
}
