// Bus and sockets in one event loop: a TCP server that sends its clients what is published under
// /chat, a line for each message, and publishes the lines they send: "topic payload". Try:
//   tcp_line_server          on port 7070, until Ctrl-C. Meanwhile, in other terminals:
//   nc localhost 7070        then type: /chat/me hello
//   shmbus pub --bus tcp_line_server /chat/shell 'hello there'
//   tcp_line_server 0 3      on any free port; sends itself three lines, then it ends
#include <shmbus/shmbus.hpp>

#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

using asio::ip::tcp;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> publish_lines(tcp::socket& socket, shmbus::publisher& pub)
{
  std::string input;
  for (std::error_code ec;;) {
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    auto buffer = asio::dynamic_buffer(input, 65536);
    const auto end = co_await asio::async_read_until(socket, buffer, '\n', token);
    if (ec) co_return;  // the client has left, or sends a line without an end
    const std::string line = input.substr(0, end - 1);
    input.erase(0, end);
    const auto space = std::min(line.find(' '), line.size());
    const auto topic = shmbus::topic::parse(line.substr(0, space), ec);
    const std::string payload = line.substr(std::min(space + 1, line.size()));
    if (topic) co_await pub.async_publish(*topic, payload, token);
    if (ec) std::cerr << "not published: " << line << ": " << ec.message() << std::endl;
  }
}

asio::awaitable<void> stream_messages(tcp::socket& socket, shmbus::subscriber& sub)
{
  for (std::error_code ec; !ec;) {
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    const shmbus::message m = co_await sub.async_receive(token);
    const std::array line{asio::buffer(m.topic()), asio::buffer(" ", 1), asio::buffer(m.text()),
                          asio::buffer("\n", 1)};  // from shared memory to the socket
    if (!ec) co_await asio::async_write(socket, line, token);
  }
}

asio::awaitable<void> serve(tcp::socket socket, shmbus::broker& bus, shmbus::publisher& pub)
{
  std::error_code ec;
  shmbus::subscriber sub{bus, {}, ec};  // if it reads slowly, it alone loses messages
  if (!ec) sub.subscribe("/chat/#", ec);
  if (!ec) co_await (publish_lines(socket, pub) || stream_messages(socket, sub));  // the first ends
  if (ec) std::cerr << "a client is sent away: " << ec.message() << std::endl;
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, asio::io_context& io, shmbus::broker& bus)
{
  shmbus::publisher pub{bus};
  while (true)
    asio::co_spawn(io, serve(co_await acceptor.async_accept(asio::use_awaitable), bus, pub),
                   asio::detached);
}

asio::awaitable<void> talk(tcp::socket socket, tcp::endpoint server, int count)
{
  std::string lines;
  for (int n = 1; n <= count; ++n) lines += "/chat/self hello " + std::to_string(n) + '\n';
  std::string echo(lines.size(), '\0');
  co_await socket.async_connect(server, asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(lines), asio::use_awaitable);
  co_await asio::async_read(socket, asio::buffer(echo), asio::use_awaitable);
  std::cout << echo;
  if (echo != lines) throw std::runtime_error("that is not what was sent");
}

int main(int argc, char** argv)
try {
  const int port = argc > 1 ? std::stoi(argv[1]) : 7070;
  asio::io_context io;
  shmbus::broker bus{io, {.name = "tcp_line_server"}};
  tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), asio::ip::port_type(port)}};
  std::cout << "listening on " << acceptor.local_endpoint() << std::endl;
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](auto...) { io.stop(); });
  const auto ended = [&](std::exception_ptr e) { e ? std::rethrow_exception(e) : io.stop(); };
  asio::co_spawn(io, accept(acceptor, io, bus), ended);
  if (argc > 2)
    asio::co_spawn(io, talk(tcp::socket{io}, acceptor.local_endpoint(), std::stoi(argv[2])), ended);
  io.run();
} catch (const std::exception& e) {
  std::cerr << "tcp_line_server: " << e.what() << '\n';
  return 1;
}
