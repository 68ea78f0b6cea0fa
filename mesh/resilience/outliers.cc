#include "mesh/resilience/outliers.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace mesh::resilience {

namespace {

// The lower median of those above 0; 0 if fewer than two are.
base::Duration median_of_known(std::span<const base::Duration> latencies) {
  std::array<base::Duration, 256> few;  // seldom are there more, and then they cost an allocation
  std::vector<base::Duration> many;
  std::span<base::Duration> room(few);
  if (latencies.size() > few.size()) {
    many.resize(latencies.size());
    room = many;
  }
  const auto end = std::copy_if(latencies.begin(), latencies.end(), room.begin(),
                                [](base::Duration took) { return took > base::Duration::zero(); });
  const auto known = std::distance(room.begin(), end);
  if (known < 2) return {};
  const auto middle = room.begin() + (known - 1) / 2;
  std::nth_element(room.begin(), middle, end);
  return *middle;
}

}  // namespace

std::size_t ejected_max(std::size_t agents, const OutlierPolicy& policy) {
  if (agents < 2) return 0;
  constexpr double rounding = 1e-9;  // 0.29 * 100 is a little less than 29
  const double share = std::clamp(policy.share_max, 0.0, 1.0);
  const auto part = static_cast<std::size_t>(share * static_cast<double>(agents) + rounding);
  return std::clamp<std::size_t>(part, 1, agents - 1);
}

std::vector<std::size_t> slow_outliers(std::span<const base::Duration> latencies,
                                       const OutlierPolicy& policy) {
  std::vector<std::size_t> out;
  if (!policy.enabled || latencies.size() < 2) return out;
  const base::Duration median = median_of_known(latencies);
  if (median == base::Duration::zero()) return out;
  const double bearable = policy.slower_than * static_cast<double>(median.count());
  for (std::size_t i = 0; i < latencies.size(); ++i) {
    const bool known = latencies[i] > base::Duration::zero();
    if (known && static_cast<double>(latencies[i].count()) > bearable) out.push_back(i);
  }
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) {
    return latencies[a] != latencies[b] ? latencies[a] > latencies[b] : a < b;
  });
  out.resize(std::min(out.size(), ejected_max(latencies.size(), policy)));
  return out;
}

}  // namespace mesh::resilience
