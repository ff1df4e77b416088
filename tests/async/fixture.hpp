#pragma once

#include "shmbus/shmbus.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

// Where these live depends on the version.
#if __has_include(<asio/deferred.hpp>)
#include <asio/as_tuple.hpp>
#include <asio/deferred.hpp>
#else
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#endif
#if __has_include(<asio/cancel_after.hpp>)
#include <asio/cancel_after.hpp>
#endif

#include "test.hpp"

#include <atomic>
#include <string>

namespace shmbus::test {

#if __has_include(<asio/deferred.hpp>)
using asio::as_tuple;
using asio::deferred;
#else
using asio::experimental::as_tuple;
using asio::experimental::deferred;
#endif

/// A bus that no other test has.
inline broker_config own_bus()
{
  static std::atomic<int> count{0};
  return {.name = "async-" + std::to_string(count++), .buffer_size = 4 << 20, .max_clients = 64};
}

}  // namespace shmbus::test
