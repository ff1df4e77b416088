#pragma once

#if defined(__cplusplus) && __cplusplus < 202002L
#error "shmbus needs C++20: compile with -std=c++20 or later"
#endif

/// Marks what the library exports; all else stays inside it.
#define SHMBUS_API __attribute__((visibility("default")))
/// What stays inside although the class around it is exported.
#define SHMBUS_LOCAL __attribute__((visibility("hidden")))
