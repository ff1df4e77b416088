#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shmbus::command {

/// A text in Prometheus' exposition format, version 0.0.4: families of samples, each family once,
/// with its HELP and TYPE before its samples.
class exposition {
public:
  using labels = std::vector<std::pair<std::string_view, std::string>>;

  /// A family; the samples that follow are its own. `type`: counter, gauge or histogram.
  void family(std::string_view name, std::string_view type, std::string_view help);

  void sample(const labels& l, std::uint64_t value) { sample({}, l, std::to_string(value)); }
  /// `suffix`: of a histogram's samples, like "_bucket".
  void sample(std::string_view suffix, const labels& l, std::string_view value);

  const std::string& text() const noexcept { return text_; }

private:
  std::string text_;
  std::string name_;
};

/// What the format asks of a label's value: `\` as `\\`, `"` as `\"`, a new line as `\n`.
std::string label_value(std::string_view text);

/// A number of nanoseconds as seconds, without rounding: "0.000001024".
std::string seconds_of(std::uint64_t ns);

}  // namespace shmbus::command
