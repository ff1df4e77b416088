#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace shmbus::config {

/// What is wrong and where: `/etc/shmbus/shmbus.toml:3:1: unknown key "max_client" (...)`.
class problem : public std::runtime_error {
public:
  problem(const std::error_code& code, const std::string& text)
      : std::runtime_error(text), code_(code)
  {
  }

  const std::error_code& code() const noexcept { return code_; }

private:
  std::error_code code_;
};

}  // namespace shmbus::config
