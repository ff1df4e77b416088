#pragma once

/// Which Asio the asynchronous API is made for: standalone, or Boost's with SHMBUS_USE_BOOST_ASIO.

#if defined(SHMBUS_USE_BOOST_ASIO)

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace shmbus {
namespace asio = boost::asio;
/// The error code of completion signatures.
using async_error_code = boost::system::error_code;
}  // namespace shmbus

#define SHMBUS_ASYNC_ABI boost_asio

#else

#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE 1
#endif

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

namespace shmbus {
namespace asio = ::asio;
/// The error code of completion signatures.
using async_error_code = std::error_code;
}  // namespace shmbus

#define SHMBUS_ASYNC_ABI standalone_asio

#endif
