// libuv's event loop: a uv_poll_t on a subscriber's descriptor, which is readable while a message is
// there. Any loop that can watch a descriptor can do the same: GLib, Qt, libevent, Node.
//
//   libuv_loop             until Ctrl-C. Meanwhile, in another terminal:
//   shmbus pub --bus libuv_loop /greetings/world 'hello there'
//
//   libuv_loop 3           three messages, from its own timer, then it ends

#include <shmbus/sync.hpp>

#include <uv.h>

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

void check(int result, const char* what)
{
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + ::uv_strerror(result));
}

class listener {
public:
  listener(uv_loop_t* loop, shmbus::sync::broker& bus, int count)
      : sub_(bus), pub_(bus), count_(count)
  {
    sub_.subscribe("/greetings/#");
    check(::uv_poll_init(loop, &poll_, sub_.native_handle()), "uv_poll_init");
    check(::uv_timer_init(loop, &timer_), "uv_timer_init");
    poll_.data = timer_.data = this;
    check(::uv_poll_start(&poll_, UV_READABLE, on_readable), "uv_poll_start");
    if (count != 0) check(::uv_timer_start(&timer_, on_timer, 50, 50), "uv_timer_start");
  }

  bool good() const { return !failed_ && received_ == count_; }

private:
  // No exception may leave a function that C calls: hence the forms that take an error code.
  static void on_readable(uv_poll_t* poll, int status, int)
  {
    auto& self = *static_cast<listener*>(poll->data);
    std::error_code ec;
    while (const auto m = self.sub_.try_receive(ec)) {  // until empty: then it is readable no more
      std::cout << m->topic() << ' ' << m->text() << std::endl;
      ++self.received_;
    }
    self.end_if(status < 0 || ec, "receive");
  }

  static void on_timer(uv_timer_t* timer)
  {
    auto& self = *static_cast<listener*>(timer->data);
    std::error_code ec;
    if (self.sent_ < self.count_)
      self.pub_.try_publish(self.topic_, "hello " + std::to_string(++self.sent_), ec);
    self.end_if(bool(ec), "publish");
  }

  void end_if(bool failed, const char* what)
  {
    if (failed) std::cerr << "libuv_loop: cannot " << what << std::endl;
    failed_ = failed_ || failed;
    if (!failed && (count_ == 0 || received_ < count_)) return;
    for (auto* handle :
         {reinterpret_cast<uv_handle_t*>(&poll_), reinterpret_cast<uv_handle_t*>(&timer_)})
      if (!::uv_is_closing(handle)) ::uv_close(handle, nullptr);  // both closed: the loop ends
  }

  shmbus::sync::subscriber sub_;
  shmbus::sync::publisher pub_;
  const shmbus::topic topic_{"/greetings/self"};
  uv_poll_t poll_{};
  uv_timer_t timer_{};
  const int count_;
  int sent_ = 0, received_ = 0;
  bool failed_ = false;
};

int main(int argc, char** argv)
try {
  const int count = argc > 1 ? std::stoi(argv[1]) : 0;
  uv_loop_t* const loop = ::uv_default_loop();
  shmbus::sync::broker bus{{.name = "libuv_loop"}};
  listener all{loop, bus, count};
  check(::uv_run(loop, UV_RUN_DEFAULT), "uv_run");
  check(::uv_loop_close(loop), "uv_loop_close");
  return all.good() ? 0 : 1;
} catch (const std::exception& e) {
  std::cerr << "libuv_loop: " << e.what() << '\n';
  return 1;
}
