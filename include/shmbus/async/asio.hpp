#pragma once

/// Which Asio the asynchronous API is made for: standalone, or Boost's with SHMBUS_USE_BOOST_ASIO.

// Before Asio, whose choice of an allocator for coroutine frames depends on whether a header of the
// standard library came first: all files of a program must come to the same.
#include <cstddef>

#if defined(SHMBUS_USE_BOOST_ASIO)

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/version.hpp>

namespace shmbus {
namespace asio = boost::asio;
/// The error code of completion signatures.
using async_error_code = boost::system::error_code;
}  // namespace shmbus

#define SHMBUS_ASYNC_ABI boost_asio
#define SHMBUS_HAS_AWAITABLE BOOST_ASIO_HAS_CO_AWAIT
#if BOOST_ASIO_VERSION >= 102700
#include <boost/asio/associated_immediate_executor.hpp>
#define SHMBUS_HAS_IMMEDIATE_EXECUTOR 1
#endif

#else

// Older Asio does not know that clang has coroutines; it believes who says so first.
#if defined(__clang__) && defined(__cpp_impl_coroutine) && !defined(ASIO_DETAIL_CONFIG_HPP)
#ifndef ASIO_HAS_CO_AWAIT
#define ASIO_HAS_CO_AWAIT 1
#define ASIO_HAS_STD_COROUTINE 1
#endif
#endif

#ifndef ASIO_STANDALONE
#define ASIO_STANDALONE 1
#endif

#include <asio/any_io_executor.hpp>
#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/recycling_allocator.hpp>
#include <asio/redirect_error.hpp>
#include <asio/require.hpp>
#include <asio/steady_timer.hpp>
#include <asio/system_executor.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>

namespace shmbus {
namespace asio = ::asio;
/// The error code of completion signatures.
using async_error_code = std::error_code;
}  // namespace shmbus

#define SHMBUS_ASYNC_ABI standalone_asio
#define SHMBUS_HAS_AWAITABLE ASIO_HAS_CO_AWAIT
#if ASIO_VERSION >= 102700
#include <asio/associated_immediate_executor.hpp>
#define SHMBUS_HAS_IMMEDIATE_EXECUTOR 1
#endif

#endif

#if !SHMBUS_HAS_AWAITABLE
#error \
    "shmbus needs Asio's coroutines: compile as C++20; with clang and an Asio older than 1.24, include shmbus before Asio or define ASIO_HAS_CO_AWAIT and ASIO_HAS_STD_COROUTINE"
#endif
