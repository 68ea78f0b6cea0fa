// Outlier ejection: agents that are much slower than their peers get nothing but probes for a while
// (after Envoy's outlier detection). A breaker sees failures; this sees what only comparing shows.
#pragma once

#include "base/time.h"
#include "mesh/policy.h"

#include <cstddef>
#include <span>
#include <vector>

namespace mesh::resilience {

// How many of so many agents may be out at once; of two one may, of one none.
[[nodiscard]] std::size_t ejected_max(std::size_t agents, const OutlierPolicy& policy);

// Given the latencies of all agents of a capability, 0 where it is not known: the indexes of those
// that took more than slower_than times the median of the known ones, the slowest first; of equals
// the first. Never more than share_max of all agents, but one if there are two, and never all.
// The median of an even number is the lower one, so that of two agents one can be slow.
[[nodiscard]] std::vector<std::size_t> slow_outliers(std::span<const base::Duration> latencies,
                                                     const OutlierPolicy& policy);

}  // namespace mesh::resilience
