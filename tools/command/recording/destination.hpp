#pragma once

#include "command/output.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shmbus::command {

/// Where a recording goes: a file, or standard output for "-".
class destination {
public:
  enum class existing {
    refuse,
    overwrite,
    append,  ///< behind its last whole record; what is behind that is cut off
  };

  /// Throws `failure` if the file cannot be used, also if another process records into it.
  destination(asio::io_context& context, const std::string& path, existing what);
  ~destination();
  destination(const destination&) = delete;
  destination& operator=(const destination&) = delete;

  /// Of the recording that was there.
  std::uint64_t kept() const noexcept { return kept_; }
  std::uint64_t cut_off() const noexcept { return cut_off_; }

  /// False: nobody reads standard output any more. Other errors are thrown as `failure`, and then
  /// the file ends with the last text that was written whole.
  asio::awaitable<bool> write(std::string_view text);

  /// Becomes ready when nobody reads any more.
  shared_descriptor* end() noexcept { return output_ ? &output_->end() : nullptr; }

  /// For messages.
  std::string name() const;

private:
  void open(existing what);
  void continue_recording();
  void write_to_file(std::string_view text);
  [[noreturn]] void fail(const char* doing) const;

  std::string path_;
  std::optional<output> output_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t cut_off_ = 0;
};

}  // namespace shmbus::command
