#pragma once

/// The synchronous API of shmbus: compiles and links without Asio.

#include "shmbus/client_info.hpp"
#include "shmbus/config.hpp"
#include "shmbus/errc.hpp"
#include "shmbus/load_config.hpp"
#include "shmbus/loan.hpp"
#include "shmbus/message.hpp"
#include "shmbus/pattern.hpp"
#include "shmbus/payload.hpp"
#include "shmbus/sync/broker.hpp"
#include "shmbus/sync/publisher.hpp"
#include "shmbus/sync/subscriber.hpp"
#include "shmbus/topic.hpp"
