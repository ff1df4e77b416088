#pragma once

#include "core/bus.hpp"
#include "core/words.hpp"
#include "shmbus/message.hpp"

/// Where the lane from a publisher to a subscriber begins, as the publisher's directory says.
inline shmbus::core::place_word lane_place(shmbus::core::bus& b, shmbus::client_id publisher,
                                           shmbus::client_id subscriber)
{
  using namespace shmbus::core;
  const auto root = place_word::unpack(b.slot(publisher.slot).root.load(acquire));
  const auto* directory = b.control_at<shared_u64>(root.page);
  return place_word::unpack(directory[subscriber.slot].load(acquire));
}
