#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace shmbus::config {

/// What is wrong and where: `/etc/shmbus/shmbus.toml:3:1: unknown key "max_client" (...)`.
class problem : public std::runtime_error {
public:
  enum class place { file, environment };

  problem(const std::error_code& code, const std::string& text, place where = place::file)
      : std::runtime_error(text), code_(code), where_(where)
  {
  }

  const std::error_code& code() const noexcept { return code_; }
  place where() const noexcept { return where_; }

private:
  std::error_code code_;
  place where_;
};

}  // namespace shmbus::config
