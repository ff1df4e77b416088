#pragma once

/// The asynchronous API of shmbus, for Asio: every wait is an Asio operation.

#include "shmbus/async/broker.hpp"
#include "shmbus/async/publisher.hpp"
#include "shmbus/async/subscriber.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/config.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/load_config.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/message.hpp"
#include "shmbus/pattern.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/topic.hpp"
