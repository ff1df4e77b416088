// Clients that are killed at any step, and what others make of it.
#include "core/recovery.hpp"
#include "model/scenario.hpp"

namespace model {
namespace {

using shmbus::overflow;

void publisher_dies(overflow o)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber"), o, 1, 1);
  sender& s = w.publisher(w.process("publisher", true));
  r.receives_all();
  s.publishes(2);
}

const enter_scenario publisher_killed({
    .name = "a publisher is killed at any step beside a subscriber that sleeps",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 5000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { publisher_dies(overflow::drop_oldest); },
});

const enter_scenario blocked_publisher_killed({
    .name = "a publisher is killed while it waits for room",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { publisher_dies(overflow::block); },
});

void subscriber_dies(overflow o)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber", true), o, 1, 1);
  sender& s = w.publisher(w.process("publisher"));
  r.receives_all();
  s.publishes(3);
}

const enter_scenario subscriber_killed({
    .name = "a subscriber is killed at any step beside a publisher that waits for room",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 4000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { subscriber_dies(overflow::block); },
});

const enter_scenario slow_subscriber_killed({
    .name = "a subscriber is killed at any step while its oldest messages give way",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { subscriber_dies(overflow::drop_oldest); },
});

const enter_scenario two_heirs({
    .name = "two sweepers take a dead publisher away; one of them is killed or stopped",
    .limits = {.kills = 1, .stops = 1},
    .in_short = {0, 3000, 3000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          party& grave = w.process("publisher");
          sender& s = w.publisher(grave);
          {
            const acting_as me(grave.id);
            s.publish();
          }
          kill(grave.id);
          r.receives_all();
          for (const char* name : {"heir A", "heir B"}) {
            party& heir = w.process(name, true);
            spawn(heir.id, [&heir] { shmbus::core::sweep(*heir.bus.implementation()); });
          }
        },
});

// With two places only: who comes gets the place, and the pages, of who went.
void publisher_follows(bool killed)
{
  auto& w = *new world(2);
  receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
  sender& a = w.publisher(w.process("publisher A", killed));
  sender& b = w.add_sender(w.process("publisher B"));
  r.receives_all();
  if (killed) {
    // It dies, if not in its last publish, then by its end.
    spawn(a.in.id, [&a] {
      a.publish();
      kill_myself();
    });
  } else {
    a.publishes(1, true);
  }
  spawn(b.in.id, [&b] {
    b.join_when_free();
    b.publish();
  });
}

const enter_scenario place_used_again({
    .name = "a publisher leaves, another one gets its place and its pages",
    .limits = {},
    .in_short = {1, 2500, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { publisher_follows(false); },
});

const enter_scenario sends_nothing({
    .name = "a publisher that sent nothing makes way for another one as its lane is looked for",
    .limits = {},
    .in_short = {2, 9000, 1000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(2);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          party& p = w.process("publishers");
          sender& a = w.publisher(p);
          sender& silent = w.add_sender(p);
          sender& b = w.add_sender(p);
          r.receives_all();
          spawn(p.id, [&] {
            a.publish();
            a.close();
            silent.join_when_free();
            yield();
            silent.close();
            b.join_when_free();
            b.publish();
          });
        },
});

const enter_scenario leaves_unseen({
    .name = "a publisher sends once more and leaves while its lane is looked at",
    .limits = {},
    .in_short = {1, 3000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(2);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          r.unordered = true;  // two threads, so that there is a pause
          r.receives_all();
          s.publishes(1);
          spawn(s.in.id, [&s] {
            while (s.published == 0) yield();
            s.publish();
            s.close();
          });
        },
});

const enter_scenario place_of_the_dead({
    .name = "a publisher is killed, another one gets its place and its pages",
    .limits = {.kills = 1},
    .in_short = {0, 3000, 4000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { publisher_follows(true); },
});

const enter_scenario subscriber_follows({
    .name = "a subscriber leaves with a message in its hands, another one gets its place",
    .limits = {},
    .in_short = {1, 2500, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(2);
          receiver& a = w.subscriber(w.process("subscriber A"), overflow::drop_oldest, 2, 1);
          receiver& b =
              w.add_receiver(w.process("subscriber B"), {.queue_capacity = 2, .max_held = 1});
          sender& s = w.publisher(w.process("publisher"));
          spawn(a.in.id, [&a] {
            const auto m = a.receive();
            a.leave();
            a.check_again(m);
          });
          spawn(b.in.id, [&b] {
            b.join_when_free();
            b.receive_all();
          });
          s.publishes(3);
        },
});

const enter_scenario subscriber_killed_follows({
    .name = "a subscriber is killed, also as it leaves; another one gets its place",
    .limits = {.kills = 1},
    .in_short = {0, 2500, 3000},
    .at_length = {1, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(2);
          receiver& a = w.subscriber(w.process("subscriber A", true), overflow::drop_oldest, 2, 1);
          receiver& b =
              w.add_receiver(w.process("subscriber B"), {.queue_capacity = 2, .max_held = 1});
          sender& s = w.publisher(w.process("publisher"));
          spawn(a.in.id, [&a] {
            a.receive();
            a.leave();
          });
          spawn(b.in.id, [&b] {
            b.join_when_free();
            b.receive_all();
          });
          s.publishes(2);
        },
});

}  // namespace
}  // namespace model
