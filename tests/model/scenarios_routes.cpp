// Subscriptions that come and go.
#include "model/scenario.hpp"

#include <string>

namespace model {
namespace {

using shmbus::overflow;

const enter_scenario late({
    .name = "a publish that begins after subscribe() returned reaches the subscriber",
    .limits = {},
    .in_short = {1, 2000, 4000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          sender& s = w.publisher(w.process("publisher"));
          receiver& r =
              w.add_receiver(w.process("subscriber"), {.queue_capacity = 4, .max_held = 1});
          s.publishes(3);
          spawn(r.in.id, [&r] {
            r.join();
            r.receive_all();
          });
        },
});

const enter_scenario late_and_killed({
    .name = "a subscriber is killed as it joins and subscribes",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          sender& s = w.publisher(w.process("publisher"));
          receiver& r =
              w.add_receiver(w.process("subscriber", true), {.queue_capacity = 2, .max_held = 1});
          s.publishes(2);
          spawn(r.in.id, [&r] {
            r.join();
            r.receive_all();
          });
        },
});

const enter_scenario publisher_joins_and_dies({
    .name = "a publisher is killed as it joins and makes its first lane",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          sender& s = w.add_sender(w.process("publisher", true));
          r.receives_all();
          spawn(s.in.id, [&s] {
            s.join();
            s.publish();
          });
        },
});

const enter_scenario waits_for_subscribers({
    .name = "a publisher that waits for subscribers is rung when one comes",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          sender& s = w.publisher(w.process("publisher"));
          receiver& r =
              w.add_receiver(w.process("subscriber"), {.queue_capacity = 2, .max_held = 1});
          spawn(s.in.id, [&s] {
            s.inside = true;
            s.handle->wait_for_subscribers(shmbus::topic{"/m"}, 1, std::chrono::nanoseconds::max());
            s.inside = false;
            s.publish();
          });
          spawn(r.in.id, [&r] {
            r.join();
            r.receive_all();
          });
        },
});

const enter_scenario pattern_used_again({
    .name = "an entry for a pattern is used again while a publisher reads it",
    .limits = {},
    .in_short = {1, 2000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          spawn(r.in.id, [&r] {
            std::error_code ec;
            // One that matches stays all the time; the other one's place gets texts that, mixed,
            // would be patterns of their own.
            r.handle->subscribe("/other/aaaaaaaaaaaaaaaaaa", ec);
            r.handle->unsubscribe("/other/aaaaaaaaaaaaaaaaaa", ec);
            r.handle->subscribe("/third/bbbbbbbbbbbbbbbbbb", ec);
            r.receive_all();
          });
          spawn(s.in.id, [&s] {
            s.publish();
            std::error_code ec;
            // The text is read in words of eight.
            for (const std::size_t first : {1, 9, 17}) {
              const std::string mixed =
                  "/other/" + std::string(first, 'a') + std::string(18 - first, 'b');
              if (s.handle->subscribers(shmbus::topic{mixed}) != 0)
                violation("a pattern that nobody subscribed to");
            }
            s.publish();
          });
        },
});

const enter_scenario blocks_and_leaves({
    .name = "a publisher that waits for room goes on when the subscriber leaves",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::block, 1, 1);
          sender& s = w.publisher(w.process("publisher"));
          s.publishes(3);
          spawn(r.in.id, [&r] {
            r.receive();
            r.leave();
          });
        },
});

}  // namespace
}  // namespace model
