#pragma once

#include "shmbus/message.hpp"

#include <string>

namespace shmbus::command {

enum class message_format {
  text,  ///< TOPIC PAYLOAD, with what is not printable escaped
  json,  ///< an object on a line
  raw,   ///< the bytes of the payload and nothing else
};

/// Appends the message as it is shown.
void append(std::string& out, const message& m, message_format format);

}  // namespace shmbus::command
