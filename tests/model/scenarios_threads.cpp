// Several threads of one process.
#include "model/scenario.hpp"

namespace model {
namespace {

using shmbus::overflow;

const enter_scenario shared_publisher({
    .name = "two threads publish with one publisher",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          party& p = w.process("publisher");
          sender& s = w.publisher(p);
          r.unordered = true;  // they begin in one order and get the lock in another
          r.receives_all();
          s.publishes(1);
          s.publishes(1);
        },
});

// A subscriber whose messages are released by two other threads while it leaves.
void released_elsewhere(bool publisher_leaves, std::size_t size)
{
  auto& w = *new world(4);
  receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 2);
  sender& s = w.publisher(w.process("publisher"));
  s.size = size;
  auto* hands = new handover[2];
  spawn(r.in.id, [&r, hands] {
    for (int i = 0; i != 2; ++i) hands[i].put(r.receive());
    r.leave();
  });
  for (int i = 0; i != 2; ++i)
    spawn(r.in.id, [&r, hands, i] {
      const auto m = hands[i].take();
      r.check_again(m);
    });
  s.publishes(2, publisher_leaves);
}

const enter_scenario releases({
    .name = "two threads release messages while their subscriber leaves",
    .limits = {},
    .in_short = {1, 2000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { released_elsewhere(false, chunk_size); },
});

const enter_scenario releases_of_orphan({
    .name = "two threads release messages while their subscriber and their publisher leave",
    .limits = {},
    .in_short = {1, 2000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { released_elsewhere(true, chunk_size); },
});

const enter_scenario releases_of_copies({
    .name = "own: two threads release copies while and after their subscriber closes",
    .limits = {},
    .in_short = {1, 3000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage = [] { released_elsewhere(false, small_size); },
});

const enter_scenario held({
    .name = "a thread releases while another one takes as many as it may hold",
    .limits = {},
    .in_short = {1, 2000, 2000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 4, 1);
          sender& s = w.publisher(w.process("publisher"));
          auto* hand = new handover;
          spawn(r.in.id, [&r, hand] {
            hand->put(r.receive());
            while (r.try_receive().empty()) yield();  // once it may hold another one
            r.receive_all();
          });
          spawn(r.in.id, [hand] { hand->take(); });
          s.publishes(3);
        },
});

const enter_scenario closed_elsewhere({
    .name = "a subscriber is closed by another thread than the one that receives",
    .limits = {},
    .in_short = {1, 2000, 3000},
    .at_length = {2, 3000000, 300000},
    .set_stage =
        [] {
          auto& w = *new world(4);
          receiver& r = w.subscriber(w.process("subscriber"), overflow::drop_oldest, 2, 1);
          sender& s = w.publisher(w.process("publisher"));
          spawn(r.in.id, [&r] {
            r.left = true;  // no books are kept
            r.receive_all();
          });
          spawn(r.in.id, [&r] {
            r.left = true;
            r.handle->close();
          });
          s.publishes(2);
        },
});

}  // namespace
}  // namespace model
