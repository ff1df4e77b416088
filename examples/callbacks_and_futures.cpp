// Without coroutines: one half answers with callbacks, the other asks with futures.
//
//   callbacks_and_futures       answers until Ctrl-C. Meanwhile, in other terminals:
//   shmbus sub --bus callbacks_and_futures '/pong/#'
//   shmbus pub --bus callbacks_and_futures /ping 'hello'
//
//   callbacks_and_futures 3     asks itself three times, then it ends

#include <shmbus/shmbus.hpp>

#include <asio.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>

// Lives as long as a callback holds it.
class answerer : public std::enable_shared_from_this<answerer> {
public:
  explicit answerer(shmbus::broker& bus) : sub_(bus), pub_(bus) { sub_.subscribe("/ping"); }

  void receive()
  {
    sub_.async_receive([self = shared_from_this()](std::error_code ec, shmbus::message m) {
      if (!ec) return self->answer(std::move(m));
      if (ec != shmbus::errc::closed) std::cerr << "receive: " << ec.message() << std::endl;
    });
  }

private:
  void answer(shmbus::message m)
  {
    answer_ = "you said: " + std::string(m.text());  // it and topic_ must stay until completion
    pub_.async_publish(topic_, answer_, [self = shared_from_this()](std::error_code ec, auto) {
      if (ec) std::cerr << "publish: " << ec.message() << std::endl;
      self->receive();
    });
  }

  shmbus::subscriber sub_;
  shmbus::publisher pub_;
  const shmbus::topic topic_{"/pong/answer"};
  std::string answer_;
};

template <class T>
T get(std::future<T> result)
{
  using namespace std::chrono_literals;
  if (result.wait_for(10s) != std::future_status::ready) throw std::runtime_error("no answer");
  return result.get();  // or throws the error of the operation, as std::system_error
}

// On a thread that may block, but never on the one that runs the event loop.
int ask(shmbus::broker& bus, int count)
{
  shmbus::publisher pub{bus};
  shmbus::subscriber sub{bus};
  sub.subscribe("/pong/#");
  const shmbus::topic topic{"/ping"};
  int right = 0;
  for (int n = 1; n <= count; ++n) {
    const std::string question = std::to_string(n);
    const std::size_t reached = get(pub.async_publish(topic, question, asio::use_future));
    const shmbus::message m = get(sub.async_receive(asio::use_future));
    std::cout << "asked " << reached << ", " << m.text() << std::endl;
    if (m.text() == "you said: " + question) ++right;
  }
  return right;
}

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;

  asio::thread_pool loop{1};  // an event loop that brings its thread
  shmbus::broker bus{loop, {.name = "callbacks_and_futures"}};
  std::make_shared<answerer>(bus)->receive();

  if (count != 0) return ask(bus, count) == count ? 0 : 1;  // the rest ends with the loop

  asio::signal_set signals{loop, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { bus.close(); });  // what is pending ends with errc::closed
  loop.join();
  return 0;
} catch (const std::exception& e) {
  std::cerr << "callbacks_and_futures: " << e.what() << '\n';
  return 1;
}
