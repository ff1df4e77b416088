#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

/// The value below which that share of the samples lies.
inline double quantile(std::vector<double> samples, double share)
{
  if (samples.empty()) return 0;
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(
                                        share * static_cast<double>(samples.size() - 1) + 0.5);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

inline double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }

/// Times something that is repeated, in batches, so that reading the clock does not count:
///
///   lap_timer laps(warm_up, batches, batch_size);
///   while (laps.next()) do_it_once();
class lap_timer {
public:
  lap_timer(std::size_t warm_up, std::size_t batches, std::size_t batch_size)
      : left_(warm_up + 1), batches_(batches), batch_size_(batch_size)
  {
    samples_.reserve(batches);
  }

  bool next()
  {
    if (--left_ != 0) return true;
    const auto now = std::chrono::steady_clock::now();
    if (started_)
      samples_.push_back(std::chrono::duration<double, std::nano>(now - begin_).count() /
                         static_cast<double>(batch_size_));
    started_ = true;
    left_ = batch_size_;
    begin_ = now;
    return samples_.size() != batches_;
  }

  /// Nanoseconds for one, a sample for each batch.
  const std::vector<double>& samples() const noexcept { return samples_; }

private:
  std::size_t left_;
  std::size_t batches_;
  std::size_t batch_size_;
  bool started_ = false;
  std::chrono::steady_clock::time_point begin_{};
  std::vector<double> samples_;
};

}  // namespace bench
