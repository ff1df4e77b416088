// The asynchronous API: event loops that wait for the bell of all their clients.
#include "model/async_clients.hpp"
#include "model/scenario.hpp"

namespace model {
namespace {

using shmbus::overflow;

program& add_program(world& w, const char* name, bool may_die = false)
{
  return *new program(w.process(name, may_die));
}

async_receiver& add_receiver(world& w, program& p, overflow o, std::uint32_t capacity,
                             std::uint32_t held)
{
  auto made =
      async_receiver::try_join(w, p, {.queue_capacity = capacity, .max_held = held, .overflow = o});
  if (!made) violation("a subscriber cannot join");
  return w.add(std::move(made));
}

async_sender& add_sender(world& w, program& p)
{
  return w.add(std::make_unique<async_sender>(w, p));
}

const enter_scenario one_bell({
    .name = "async: two subscribers share a bell, messages come for both",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscribers");
          async_receiver& a = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          async_receiver& b = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          p.runs([&] {
            a.receives_all_async();
            b.receives_all_async();
          });
          s.publishes(2);
        },
});

const enter_scenario waits({
    .name = "async: two publishers send to one that waits, and receives then",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscriber");
          async_receiver& r = add_receiver(w, p, overflow::block, 2, 1);
          sender& a = w.publisher(w.process("publisher A"));
          sender& b = w.publisher(w.process("publisher B"));
          p.runs([&] { r.waits_and_receives(); });
          a.publishes(1);
          b.publishes(1);
        },
});

const enter_scenario cancelled({
    .name = "async: a receive is cancelled as a message comes",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscriber");
          async_receiver& r = add_receiver(w, p, overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          auto& signal = *new shmbus::asio::cancellation_signal;
          r.cancelled_by = &signal;
          p.runs([&] { r.receives_all_async(); });
          spawn(p.in.id, [&] {
            for (int i = 0; i != 2; ++i)
              shmbus::asio::post(p.context.get_executor(), [&signal] {
                signal.emit(shmbus::asio::cancellation_type::terminal);
              });
          });
          s.publishes(2);
        },
});

const enter_scenario closed({
    .name = "async: another thread closes a subscriber that waits",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscriber");
          async_receiver& r = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          spawn(p.in.id, [&] {
            r.receives_all_async();
            p.context.run();
            if (!r.closed) violation("the loop ended, and a receive had not");
          });
          spawn(p.in.id, [&] {
            r.left = true;
            r.subscriber.close();
          });
          s.publishes(1);
        },
});

const enter_scenario two_threads({
    .name = "async: two threads run the loop of two subscribers",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscribers");
          async_receiver& a = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          async_receiver& b = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          shmbus::asio::post(p.context.get_executor(), [&] { a.receives_all_async(); });
          shmbus::asio::post(p.context.get_executor(), [&] { b.receives_all_async(); });
          p.runs();
          p.runs();
          s.publishes(2);
        },
});

const enter_scenario back_pressure({
    .name = "async: a publisher waits for room",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::block, 1, 1);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          r.receives_all();
          p.runs([&] { s.publishes_async(3); });
        },
});

const enter_scenario cancelled_in_line({
    .name = "async: two publishes wait for room, the first is cancelled",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::block, 1, 1);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          auto& signal = *new shmbus::asio::cancellation_signal;
          r.unordered = true;  // what was cancelled leaves no gap in the sequence
          r.receives_all();
          p.runs([&] {
            s.publishes_async(1);
            s.publishes_async(1, &signal);
            s.publishes_async(1);
          });
          spawn(p.in.id, [&] {
            shmbus::asio::post(p.context.get_executor(), [&signal] {
              signal.emit(shmbus::asio::cancellation_type::terminal);
            });
          });
        },
});

const enter_scenario take_turns({
    .name = "async: two threads publish, and wait for room in turns",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::block, 1, 1);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          r.unordered = true;  // two may begin in one order, and come to the list in another
          r.receives_all();
          for (int i = 0; i != 3; ++i)
            shmbus::asio::post(p.context.get_executor(), [&s] { s.publishes_async(1); });
          p.runs();
          p.runs();
        },
});

const enter_scenario place_taken_over({
    .name = "async: a subscriber gets the place of one that another thread closes",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(2);
          program& p = add_program(w, "subscribers");
          async_receiver& a = add_receiver(w, p, overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          p.runs([&] { a.receives_all_async(); });
          spawn(p.in.id, [&] {
            a.left = true;
            a.subscriber.close();
          });
          p.runs([&w, &p] {
            std::unique_ptr<async_receiver> b;
            while (!b) {
              b = async_receiver::try_join(w, p, {.queue_capacity = 2, .max_held = 1});
              if (!b) yield();
            }
            w.add(std::move(b)).receives_all_async();
          });
          s.publishes(2);
        },
});

const enter_scenario watchers({
    .name = "async: one waits for two subscribers as another one has its first",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          s.waits_for_subscribers(1, [] {});
          shmbus::asio::post(p.context.get_executor(),
                             [&s] { s.waits_for_subscribers(2, [&s] { s.publishes_async(1); }); });
          p.runs();
          p.runs();
          for (const char* name : {"subscriber A", "subscriber B"}) {
            receiver& r = w.add_receiver(w.process(name), {.queue_capacity = 2, .max_held = 1});
            spawn(r.in.id, [&r] {
              r.join();
              r.receive_all();
            });
          }
        },
});

const enter_scenario broker_closed({
    .name = "async: another thread closes the broker of all that waits",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "both");
          async_receiver& r = add_receiver(w, p, overflow::block, 1, 1);
          async_sender& s = add_sender(w, p);
          spawn(p.in.id, [&] {
            bool told = false;
            p.bus.async_wait_closed([&told](std::error_code) { told = true; });
            r.receives_all_async();
            s.publishes_async(2);
            p.context.run();
            if (!told || !r.closed) violation("the loop ended, and an operation had not");
          });
          spawn(p.in.id, [&] {
            r.left = true;
            p.bus.close();
          });
          spawn(p.in.id, [&] {
            // One that comes meanwhile is refused, or closed with the others.
            auto late = async_receiver::try_join(w, p, {.queue_capacity = 1, .max_held = 1});
            if (!late) return;
            late->left = true;
            w.add(std::move(late)).receives_all_async();
            p.context.run();
          });
        },
});

const enter_scenario waits_for_subscribers({
    .name = "async: a publisher that waits for subscribers is rung when one comes",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          receiver& r =
              w.add_receiver(w.process("subscriber"), {.queue_capacity = 2, .max_held = 1});
          p.runs([&] { s.waits_for_subscribers(1, [&s] { s.publishes_async(1); }); });
          spawn(r.in.id, [&r] {
            r.join();
            r.receive_all();
          });
        },
});

const enter_scenario publisher_dies({
    .name = "async: a publisher is killed at any step beside a loop that sleeps",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          program& p = add_program(w, "subscriber");
          async_receiver& r = add_receiver(w, p, overflow::drop_oldest, 1, 1);
          sender& s = w.publisher(w.process("publisher", true));
          p.runs([&] { r.receives_all_async(); });
          s.publishes(2);
        },
});

const enter_scenario subscriber_dies({
    .name = "async: a subscriber is killed at any step beside a publisher that waits for room",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber", true), overflow::block, 1, 1);
          program& p = add_program(w, "publisher");
          async_sender& s = add_sender(w, p);
          r.receives_all();
          p.runs([&] { s.publishes_async(3); });
        },
});

}  // namespace
}  // namespace model
