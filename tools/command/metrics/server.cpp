#include "command/metrics/server.hpp"

#include "command/failure.hpp"
#include "command/options.hpp"
#include "command/output.hpp"
#include "command/session.hpp"

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace shmbus::command {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;

constexpr std::size_t longest_request = 8192;
constexpr auto patience = 5s;  // for a request to come, and its answer to go

std::string answer(const std::string& request, const std::function<std::string()>& text)
{
  const auto reply = [](const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8" +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
           body;
  };
  if (!request.starts_with("GET ")) return reply("405 Method Not Allowed", "only GET\n");
  const bool found = request.starts_with("GET /metrics ") || request.starts_with("GET /metrics?");
  if (!found) return reply("404 Not Found", "see /metrics\n");
  return reply("200 OK", text());
}

asio::awaitable<void> converse(std::shared_ptr<tcp::socket> socket,
                               std::function<std::string()> text)
{
  asio::steady_timer timer(socket->get_executor(), patience);
  timer.async_wait([socket](std::error_code ec) {
    std::error_code ignored;
    if (!ec) socket->close(ignored);
  });
  std::error_code ec;
  std::string request;
  co_await asio::async_read_until(*socket, asio::dynamic_buffer(request, longest_request),
                                  "\r\n\r\n", asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return;  // gone, too slow, or too long
  const std::string reply = answer(request, text);
  co_await asio::async_write(*socket, asio::buffer(reply),
                             asio::redirect_error(asio::use_awaitable, ec));
  socket->shutdown(tcp::socket::shutdown_both, ec);
}

asio::awaitable<void> accept_all(tcp::acceptor& acceptor, const std::function<std::string()>& text)
{
  while (true) {
    auto socket =
        std::make_shared<tcp::socket>(co_await acceptor.async_accept(asio::use_awaitable));
    asio::co_spawn(acceptor.get_executor(), converse(std::move(socket), text), asio::detached);
  }
}

}  // namespace

void serve_metrics(std::uint16_t port, const std::function<std::string()>& text)
{
  session s(no_timeout);
  const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
  tcp::acceptor acceptor(s.context());
  std::error_code ec;
  acceptor.open(here.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(here, ec);
  if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec)
    throw failure(status_error, "cannot listen on 127.0.0.1:" + std::to_string(port) + ": " +
                                    ec.message() + "; choose another --serve PORT");
  complain("serving http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) +
           "/metrics");
  s.run(accept_all(acceptor, text));
}

}  // namespace shmbus::command
