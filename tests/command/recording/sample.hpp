#pragma once

#include "command/recording/decode.hpp"
#include "command/recording/encode.hpp"
#include "test.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A small recording with one of everything.
struct sample {
  sample()
  {
    using namespace shmbus::recording;
    append_file_head(file);
    ends.push_back(file.size());
    add(start_record{
        .wall_clock_ns = 1'700'000'000'123'456'789, .monotonic_ns = 5, .bus = "plant"});
    add(message("/a", "hello"));
    add(message("/a/b", std::string(300, '\xff')));
    add(gap_record{.time_ns = 77, .lost = 3});
    add(message("/c", ""));
  }

  static shmbus::recording::message_record message(std::string_view topic, std::string_view payload)
  {
    return {.time_ns = -6,
            .sequence = 7,
            .type = 0xfedcba9876543210,
            .publisher = {8, 9},
            .topic = topic,
            .payload = std::as_bytes(std::span(payload))};
  }

  template <class Record>
  void add(const Record& r)
  {
    append(file, r);
    ends.push_back(file.size());
  }

  std::string file;
  std::vector<std::size_t> ends;  ///< of the head of the file, and of each record
};

inline shmbus::recording::bytes as_bytes(const std::string& text)
{
  return std::as_bytes(std::span(text));
}
