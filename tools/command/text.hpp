#pragma once

#include "shmbus/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shmbus::command {

/// The text as one line that a terminal can only show: as it is if that is harmless; else with
/// `\n`, `\t`, `\\` and `\x1b` for what is not printable or not UTF-8.
std::string printable(std::string_view text);

/// The text as a JSON string, with quotes. What is not UTF-8 becomes U+FFFD.
std::string json_string(std::string_view text);

/// The texts as a JSON array of strings.
std::string json_array(const std::vector<std::string>& texts, std::string_view separator = ",");

/// "1 page", "2 pages".
std::string counted(std::uint64_t n, std::string_view what);

std::string base64(std::string_view bytes);

/// Two digits for each byte.
std::string hexadecimal(std::string_view bytes);

/// A number of bytes for people: "64 MiB", "1.5 KiB".
std::string readable_size(std::uint64_t bytes);

/// How a client is called, in all that the command prints.
std::string client_name(client_id id);

/// Rows of words, shown with each column as wide as its widest word.
class table {
public:
  using row = std::vector<std::string>;

  explicit table(row titles) { add(std::move(titles)); }

  /// May have fewer words than there are columns; the last of a row takes no part in the widths.
  void add(row words) { rows_.push_back(std::move(words)); }

  std::string text() const;

private:
  std::vector<row> rows_;
};

}  // namespace shmbus::command
