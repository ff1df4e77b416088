#pragma once

#include "model/explorer.hpp"

#include <cstddef>

namespace model {

/// A small story, told in every way it can go.
struct report_entry {
  const char* name;  // a sentence
  bounds limits;
  effort in_short;
  effort at_length;
  void (*set_stage)();
};

/// The body of a program that explores: [--long] [--first] [--seed=N] [PART OF A NAME]
///
/// A line for each, in the manner of TAP, after the way to what is wrong with it. The exit status.
int report(int argc, char** argv, const report_entry* entries, std::size_t count,
           void (*next_act)(), void (*look)());

}  // namespace model
