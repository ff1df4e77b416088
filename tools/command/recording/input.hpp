#pragma once

#include "command/recording/reader.hpp"
#include "command/shared_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace shmbus::command {

/// A recording that is read: a file, or standard input for "-".
class recording_input {
public:
  /// Throws `failure` if the file cannot be opened.
  recording_input(asio::io_context& context, const std::string& path);
  ~recording_input();
  recording_input(const recording_input&) = delete;
  recording_input& operator=(const recording_input&) = delete;

  /// The next record, until the next call; null at the end, or before what is not whole.
  /// Throws `failure` if it cannot be read, or is no recording.
  asio::awaitable<const recording::record*> next();

  /// Begins anew. Throws `failure` if this is no file.
  void rewind();

  bool is_whole() const noexcept { return reader_.problem().empty(); }
  /// Why next() ended before the end, for people; to be called if it is not whole.
  std::string problem() const;
  /// Of what was read, in bytes.
  std::uint64_t position() const noexcept { return reader_.position(); }
  /// Of the file, in bytes; 0 if that cannot be known.
  std::uint64_t size() const noexcept;

  /// For messages.
  std::string name() const;

private:
  asio::awaitable<std::size_t> read(std::span<std::byte> to);

  std::string path_;
  int file_;
  std::optional<shared_descriptor> ready_;
  recording::reader reader_;
};

}  // namespace shmbus::command
