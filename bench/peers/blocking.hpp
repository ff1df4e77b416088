#pragma once

#include "peers/role.hpp"

#include <cstdio>
#include <exception>

/// The roles of a system whose calls block, or are tried again and again. It has
///
///   System::sender(options, channel)     connected to all receivers of the channel;
///     send(size, fill)                   with `fill(span)` writing the message where it will lie, or
///                                        into memory of its own; waits for room, loses nothing
///   System::receiver(options, channel)   whom all senders of the channel can reach from now on;
///     receive(see)                       waits for a message, has `see(bytes)` look at it
namespace peers {

template <class System>
void run(const options& o)
{
  if (o.role == "ping") {
    typename System::receiver back(o, "pong");
    typename System::sender there(o, "ping");
    begin(o);
    round_trips laps(o);
    const auto ping = [](std::span<std::byte> to) { write_message(to, 0, 1); };
    while (laps.more()) {
      there.send(o.size, ping);
      back.receive([](bytes) {});
    }
    there.send(o.size, write_last);
    back.receive([](bytes) {});  // it got that
    report(laps.result());
  } else if (o.role == "pong") {
    typename System::receiver here(o, "ping");
    typename System::sender back(o, "pong");
    begin(o);
    const auto pong = [](std::span<std::byte> to) { write_message(to, 0, 2); };
    for (bool more = true; more;) {
      here.receive([&](bytes m) { more = !is_last(m); });
      back.send(o.size, pong);
    }
    report("{}");
  } else if (o.role == "send") {
    typename System::sender out(o, "data");
    begin(o);
    sending s(o);
    while (s.more())
      out.send(o.size, [&](std::span<std::byte> to) { write_message(to, o.id, s.number()); });
    out.send(o.size, write_last);
    report(s.result());
    std::getchar();  // until the receivers are done
  } else if (o.role == "receive") {
    typename System::receiver in(o, "data");
    begin(o);
    checker c(o);
    for (bool more = true; more;) in.receive([&](bytes m) { more = c.see(m); });
    report(c.result());
  } else if (o.role == "wake") {
    typename System::sender out(o, "data");
    begin(o);
    wake_ups w(o);
    while (w.more()) out.send(o.size, write_time);
    out.send(o.size, write_last);
    report("{}");
    std::getchar();
  } else if (o.role == "sleep") {
    typename System::receiver in(o, "data");
    begin(o);
    wake_up_times t;
    for (bool more = true; more;)
      in.receive([&](bytes m) {
        more = !is_last(m);
        if (more) t.see(m);
      });
    report(t.result());
  }
}

template <class System>
int main(int argc, char** argv)
{
  try {
    run<System>(options(argc, argv));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
    return 1;
  }
}

}  // namespace peers
