// One lane, in every policy; several lanes.
#include "model/scenario.hpp"

namespace model {
namespace {

using shmbus::overflow;

// A publisher and a subscriber that know each other already.
void one_lane(overflow o, std::uint32_t capacity, std::uint32_t held, int messages)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber"), o, capacity, held);
  sender& s = w.publisher(w.process("publisher"));
  r.receives_all();
  s.publishes(messages);
}

const enter_scenario drop_oldest({
    .name = "drop_oldest: the oldest message gives way while the subscriber takes it",
    .limits = {},
    .in_short = {1, 8000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { one_lane(overflow::drop_oldest, 1, 1, 3); },
});

const enter_scenario laps({
    .name = "drop_oldest: the publisher laps a subscriber that holds messages",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 2);
          sender& s = w.publisher(w.process("publisher"));
          spawn(r.in.id, [&r] {
            {
              const auto first = r.receive();
              const auto second = r.try_receive();
              r.check_again(first);
              if (!second.empty()) r.check_again(second);
            }
            r.receive_all();
          });
          s.publishes(5);
        },
});

const enter_scenario drop_newest({
    .name = "drop_newest: a message finds the queue full while the subscriber takes one",
    .limits = {},
    .in_short = {1, 8000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { one_lane(overflow::drop_newest, 1, 1, 3); },
});

const enter_scenario block({
    .name = "block: a publisher that waits for room is rung when a message is taken",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { one_lane(overflow::block, 1, 1, 3); },
});

const enter_scenario short_of_memory({
    .name = "drop_oldest: a publisher short of memory takes back what was not received",
    .limits = {},
    .in_short = {1, 2000, 1500},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          s.size = 30000;  // two of them fill the buffer
          s.may_be_short = true;
          r.receives_all();
          s.publishes(4);
        },
});

const enter_scenario completions_come_round({
    .name = "drop_oldest: releases come round while their publisher does not collect",
    .limits = {},
    .in_short = {1, 3000, 1000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 1, 1);
          sender& s = w.publisher(w.process("publisher"));
          s.size = 12000;  // a release that is lost is memory that is missed soon
          spawn(r.in.id, [&] {
            {
              // As many are out as can be: one held, one queued, one on its way.
              const auto first = r.receive();
              while (s.published < 2) yield();
            }
            r.receive_all();
          });
          s.publishes(7);
        },
});

const enter_scenario bit_taken_back({
    .name = "three messages come while a subscriber takes their publisher's bit back",
    .limits = {},
    .in_short = {1, 3000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          r.unordered = true;  // two threads, so that there is a pause
          r.receives_all();
          s.publishes(1);
          s.publishes(3);
        },
});

const enter_scenario two_publishers({
    .name = "two publishers send to one subscriber that goes to sleep",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 1, 1);
          sender& a = w.publisher(w.process("publisher A"));
          sender& b = w.publisher(w.process("publisher B"));
          r.receives_all();
          a.publishes(2);
          b.publishes(2);
        },
});

const enter_scenario two_subscribers({
    .name = "a message goes to two subscribers, one of which exerts back-pressure",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& a = w.subscriber(w.process("subscriber A"), overflow::drop_oldest, 1, 1);
          receiver& b = w.subscriber(w.process("subscriber B"), overflow::block, 1, 1);
          sender& s = w.publisher(w.process("publisher"));
          a.receives_all();
          b.receives_all();
          s.publishes(2);
        },
});

}  // namespace
}  // namespace model
