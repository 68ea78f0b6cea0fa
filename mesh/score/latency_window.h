// Quantiles of latency over the last 30 to 60 seconds: two halves of log-spaced buckets, of which
// the older is dropped every 30 seconds. Buckets grow by a factor of 2^(1/4), so a quantile is off
// by less than a fifth; below 100 µs and above 10 minutes it says just that.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mesh::score {

class LatencyWindow {
 public:
  void on_sample(base::Duration took, base::Instant now);
  // Empty below `samples_min` samples: a guess from less would be noise.
  [[nodiscard]] std::optional<base::Duration> quantile(double share, base::Instant now) const;

  static constexpr std::uint64_t samples_min = 10;

 private:
  // Samples of this bucket that still count while the half of that number runs.
  [[nodiscard]] std::uint64_t counted(std::size_t bucket, std::int64_t half) const;

  // Both halves, one after the other; empty until the first sample, since most agents are never
  // called by most nodes. The half of odd numbers is the second.
  std::vector<std::uint32_t> buckets_;
  std::int64_t half_ = 0;  // the number of the half that the newest sample fell into
};

}  // namespace mesh::score
