#pragma once

#include <doctest/doctest.h>

#include <ostream>  // before doctest, which only declares it

namespace shmbus::test {

/// Counts the running test case as skipped, for want of something that this machine or its kernel
/// does not have. The case must then return: use SKIP_CASE.
void skip(const char* reason);

}  // namespace shmbus::test

/// Ends the running test case and counts it as skipped.
#define SKIP_CASE(reason)         \
  do {                            \
    ::shmbus::test::skip(reason); \
    return;                       \
  } while (false)
