// A subscriber that must not lose anything: with overflow::block its queue, when full, makes
// publishers wait. Only coroutines that publish wait, not their thread.
//
//   back_pressure          twelve messages through a queue of four. Before, in another terminal:
//   shmbus sub --bus back_pressure '/work/#'
//
//   back_pressure 100      as many messages

#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <system_error>

using namespace std::chrono_literals;

constexpr std::uint32_t queue = 4;

// Returns how often it had to wait.
asio::awaitable<int> produce(shmbus::publisher& pub, int count)
{
  const shmbus::topic topic{"/work/item"};
  int waits = 0;
  for (int n = 1; n <= count; ++n) {
    const std::string item = "item " + std::to_string(n);
    std::error_code ec;
    pub.try_publish(topic, item, ec);
    if (ec == shmbus::errc::queue_full) {  // then nobody has got it yet
      ++waits;
      std::cout << item << " has to wait" << std::endl;
      ec.clear();
      // By itself, without the try before it, this would do: it only waits if it has to.
      co_await pub.async_publish(topic, item, asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec) throw std::system_error(ec, "cannot publish " + item);
    std::cout << item << " is on its way" << std::endl;
  }
  co_return waits;
}

// Returns whether all came, in order.
asio::awaitable<bool> consume(shmbus::subscriber& sub, int count)
{
  asio::steady_timer timer{sub.get_executor()};
  bool in_order = true;
  for (int n = 1; n <= count; ++n) {
    timer.expires_after(20ms);  // slower than it is produced
    co_await timer.async_wait(asio::use_awaitable);
    const shmbus::message m = co_await sub.receive();
    std::cout << "                      " << m.text() << " is done" << std::endl;
    in_order = in_order && m.text() == "item " + std::to_string(n);
  }
  co_return in_order;
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 12;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "back_pressure"}};
  shmbus::publisher pub{bus};
  shmbus::subscriber sub{bus, {.queue_capacity = queue, .overflow = shmbus::overflow::block}};
  sub.subscribe("/work/#");

  int waits = 0;
  bool in_order = false;
  asio::co_spawn(io, produce(pub, count), [&](std::exception_ptr failure, int result) {
    if (failure) std::rethrow_exception(failure);  // out of run()
    waits = result;
  });
  asio::co_spawn(io, consume(sub, count), [&](std::exception_ptr failure, bool result) {
    if (failure) std::rethrow_exception(failure);
    in_order = result;
  });
  io.run();

  std::cout << "waited " << waits << " times, lost " << sub.lost() << std::endl;
  return in_order && sub.lost() == 0 && (waits > 0 || count <= int{queue}) ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "back_pressure: " << e.what() << '\n';
  return 1;
}
