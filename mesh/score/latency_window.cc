#include "mesh/score/latency_window.h"

#include "base/check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

namespace mesh::score {

namespace {

constexpr base::Duration half_length = std::chrono::seconds(30);
constexpr double growth = 1.189207115002721;  // 2^(1/4)

// Upper ends of all buckets but the last, which has none: 100 µs to 10 minutes.
constexpr std::size_t bound_count = 92;
constexpr std::array<std::int64_t, bound_count> bounds = [] {
  std::array<std::int64_t, bound_count> result{};
  double bound = 100'000;  // nanoseconds
  for (std::int64_t& each : result) {
    each = static_cast<std::int64_t>(bound);
    bound *= growth;
  }
  return result;
}();
static_assert(bounds.back() > 600'000'000'000);

constexpr std::size_t bucket_count = bound_count + 1;

std::size_t bucket_of(base::Duration took) {
  const auto* const found = std::lower_bound(bounds.begin(), bounds.end(), took.count());
  return static_cast<std::size_t>(found - bounds.begin());
}

std::int64_t half_of(base::Instant now) {
  return now.nanoseconds() / half_length.count();
}

std::size_t start_of(std::int64_t half) {
  return half % 2 == 0 ? 0 : bucket_count;
}

// Where in a bucket the sample at this share of its samples lies, if they lie evenly.
base::Duration within(std::size_t bucket, double share) {
  if (bucket == 0) return base::Duration(bounds.front());
  const auto low = static_cast<double>(bounds[bucket - 1]);
  if (bucket == bound_count) return base::Duration(bounds.back());
  const auto high = static_cast<double>(bounds[bucket]);
  return base::Duration(static_cast<std::int64_t>(low + share * (high - low)));
}

}  // namespace

void LatencyWindow::on_sample(base::Duration took, base::Instant now) {
  if (buckets_.empty()) buckets_.resize(2 * bucket_count);
  const std::int64_t half = std::max(half_of(now), half_);
  const auto drop = [this](std::int64_t old) {
    const auto first = buckets_.begin() + static_cast<std::ptrdiff_t>(start_of(old));
    std::fill_n(first, bucket_count, 0);
  };
  if (half > half_) drop(half);
  if (half > half_ + 1) drop(half + 1);
  half_ = half;
  std::uint32_t& count = buckets_[start_of(half) + bucket_of(took)];
  if (count < std::numeric_limits<std::uint32_t>::max()) ++count;
}

std::uint64_t LatencyWindow::counted(std::size_t bucket, std::int64_t half) const {
  // The newest half counts also while the next one runs, the one before it does not.
  std::uint64_t count = 0;
  if (half <= half_ + 1) count += buckets_[start_of(half_) + bucket];
  if (half <= half_) count += buckets_[start_of(half_ + 1) + bucket];
  return count;
}

std::optional<base::Duration> LatencyWindow::quantile(double share, base::Instant now) const {
  if (buckets_.empty()) return std::nullopt;
  const std::int64_t half = half_of(now);
  std::uint64_t all = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) all += counted(bucket, half);
  if (all < samples_min) return std::nullopt;
  double below = std::clamp(share, 0.0, 1.0) * static_cast<double>(all);
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    const auto here = static_cast<double>(counted(bucket, half));
    if (here > 0 && below <= here) return within(bucket, below / here);
    below -= here;
  }
  return base::Duration(bounds.back());  // rounding left a little over
}

}  // namespace mesh::score
