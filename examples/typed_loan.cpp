// Values of a type, without a copy: the publisher builds a camera frame in memory of the bus, the
// subscriber reads it where it lies.
//
//   typed_loan             watches until Ctrl-C. Meanwhile, in other terminals:
//   typed_loan 3           three frames, to itself and to the one that watches
//   shmbus pub --bus typed_loan /camera/front 'not a frame'

#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

// Trivially copyable and without pointers; anything else does not compile.
struct frame {
  std::uint32_t number;
  std::array<std::uint8_t, 640 * 480> pixels;
};

// What it is called on the bus, whatever becomes of its name here.
template <>
inline constexpr std::string_view shmbus::type_name<frame> = "example/frame/v1";

void show(const shmbus::message& m)
{
  std::error_code ec;
  const frame* const f = m.as<frame>(ec);
  if (ec)
    std::cout << m.topic() << ": " << ec.message() << std::endl;
  else
    std::cout << "frame " << f->number << " begins with " << int{f->pixels[0]} << std::endl;
}

asio::awaitable<void> watch(shmbus::subscriber& sub)
{
  while (true) show(co_await sub.receive());  // it stays readable until the message is destroyed
}

// Returns how many frames came back as frames.
asio::awaitable<int> film(shmbus::publisher& pub, shmbus::subscriber& sub, int count)
{
  const shmbus::topic topic{"/camera/front"};
  int frames = 0;
  for (int n = 1; n <= count; ++n) {
    auto picture = pub.loan<frame>(topic);  // all zero; goes back if it is not published
    picture->number = static_cast<std::uint32_t>(n);
    picture->pixels.fill(static_cast<std::uint8_t>(10 * n));
    co_await pub.publish(std::move(picture));

    const shmbus::message m = co_await sub.receive();
    show(m);
    if (m.is<frame>() && m.as<frame>().number == static_cast<std::uint32_t>(n)) ++frames;
  }
  co_return frames;
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::io_context io;
  shmbus::broker bus{io, {.name = "typed_loan"}};
  shmbus::subscriber sub{bus};
  sub.subscribe("/camera/*");
  shmbus::publisher pub{bus};

  int frames = 0;
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });
  if (count == 0)
    asio::co_spawn(io, watch(sub), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);  // out of run()
    });
  else
    asio::co_spawn(io, film(pub, sub, count), [&](std::exception_ptr failure, int result) {
      if (failure) std::rethrow_exception(failure);
      frames = result;
      signals.cancel();
    });
  io.run();
  return frames == count ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "typed_loan: " << e.what() << '\n';
  return 1;
}
