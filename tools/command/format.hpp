#pragma once

#include "shmbus/message.hpp"

#include <string>
#include <string_view>

namespace shmbus::command {

/// How messages are shown: `text`, `hex`, `json`, `raw`, or a template like `%t %p`.
class message_format {
public:
  /// Throws `failure` if it is none of these.
  explicit message_format(std::string_view text);

  /// Appends the message as it is shown.
  void append(std::string& out, const message& m) const;

private:
  enum class kind { pattern, json, raw };

  void append_field(std::string& out, char field, const message& m) const;

  kind kind_ = kind::pattern;
  std::string template_;
};

}  // namespace shmbus::command
