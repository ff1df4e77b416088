// Messages that stand in the slots of a lane, and copies that are the subscriber's own.
#include "core/bus.hpp"
#include "core/heirs.hpp"
#include "core/recovery.hpp"
#include "model/scenario.hpp"

namespace model {
namespace {

using shmbus::overflow;

sender& small_lane(overflow o, std::uint32_t capacity, std::uint32_t held, bool sender_may_die)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber"), o, capacity, held);
  sender& s = w.publisher(w.process("publisher", sender_may_die));
  s.size = small_size;
  r.receives_all();
  return s;
}

const enter_scenario overwritten({
    .name = "small: a message is overwritten while the subscriber copies it",
    .limits = {},
    .in_short = {1, 4000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::drop_oldest, 1, 1, false).publishes(3); },
});

const enter_scenario overwritten_laps({
    .name = "small: the publisher laps a subscriber that copies, in a queue of two",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::drop_oldest, 2, 2, false).publishes(5); },
});

const enter_scenario no_room({
    .name = "small: drop_newest finds the queue full while the subscriber copies",
    .limits = {},
    .in_short = {1, 4000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::drop_newest, 1, 1, false).publishes(3); },
});

const enter_scenario waits_for_room({
    .name = "small: block, a publisher waits until its message is copied",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::block, 1, 1, false).publishes(3); },
});

// As they come in turn, each one gives way to one of the other kind.
void mixed(overflow o, int messages)
{
  sender& s = small_lane(o, 1, 1, false);
  s.odd_size = chunk_size;
  s.publishes(messages);
}

const enter_scenario mixed_lane({
    .name = "mixed: small messages and chunks give way to each other",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { mixed(overflow::drop_oldest, 4); },
});

const enter_scenario mixed_block({
    .name = "mixed: block, a publisher waits with small messages and chunks",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { mixed(overflow::block, 4); },
});

const enter_scenario mixed_memory({
    .name = "mixed: the memory of a chunk comes back when a small message takes its slot",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          sender& s = small_lane(overflow::drop_oldest, 1, 1, false);
          s.odd_size = 30000;  // two of them fill the buffer, and there are no more at a time
          s.publishes(7);
        },
});

const enter_scenario killed_in_writing({
    .name = "small: a publisher is killed while it writes over an older message",
    .limits = {.kills = 1},
    .in_short = {0, 3000, 3000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::drop_oldest, 1, 1, true).publishes(2); },
});

const enter_scenario killed_in_writing_of_two({
    .name = "small: a publisher is killed while it writes in a queue of two",
    .limits = {.kills = 1},
    .in_short = {0, 2000, 2000},
    .at_length = {1, 3000000, 300000},
    .set_stage = [] { small_lane(overflow::drop_oldest, 2, 1, true).publishes(4); },
});

const enter_scenario used_again({
    .name = "own: a thread releases a copy while another one takes the next",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          s.size = small_size;
          auto* hand = new handover;
          spawn(r.in.id, [&r, hand] {
            hand->put(r.receive());
            while (r.try_receive().empty()) yield();  // once it may hold another one
            r.receive_all();
          });
          spawn(r.in.id, [&r, hand] {
            const auto m = hand->take();
            r.check_again(m);
          });
          s.publishes(3);
        },
});

// A publisher is gone. The thread that is told of deaths moves what it left, while another one of
// the same process comes and takes.
void inherits(overflow o, std::size_t size, std::size_t odd_size)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber"), o, 2, 2);
  party& grave = w.process("publisher");
  sender& s = w.publisher(grave);
  s.size = size;
  s.odd_size = odd_size;
  {
    const acting_as me(grave.id);
    s.publish();
    s.publish();
  }
  kill(grave.id);
  r.receives = true;
  spawn(r.in.id, [&r] {
    shmbus::core::bus& bus = *r.in.bus.implementation();
    shmbus::core::sweep(bus);
    bus.heirs().inherit();
  });
  spawn(r.in.id, [&r] {
    r.try_receive();
    r.try_receive();
    r.receive_all();
  });
}

const enter_scenario inherits_chunks({
    .name = "heir: chunks of a dead publisher are moved while another thread comes and takes",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { inherits(overflow::drop_oldest, chunk_size, 0); },
});

const enter_scenario inherits_mixed({
    .name = "heir: what a dead publisher left is moved where nothing may be lost",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { inherits(overflow::block, small_size, chunk_size); },
});

// The dead one's lane is made while its death is announced: its publisher is not rung, and has to
// see by itself that there is nothing to wait for.
const enter_scenario lane_to_the_dead({
    .name =
        "announced: a publisher makes a lane to a dead subscriber, and would wait for room in it",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber", true), overflow::block, 1, 1);
          sender& s = w.publisher(w.process("publisher"));
          s.size = small_size;
          party& sweeper = w.process("sweeper");
          kill(r.in.id);
          s.publishes(2);
          spawn(sweeper.id, [&sweeper] { shmbus::core::sweep(*sweeper.bus.implementation()); });
        },
});

}  // namespace
}  // namespace model
