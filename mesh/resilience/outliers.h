// Outlier ejection: agents that are much slower than their peers get nothing but probes for a while
// (after Envoy's outlier detection). A breaker sees failures; this sees what only comparing shows.
#pragma once

#include "base/time.h"
#include "mesh/policy.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mesh::resilience {

// Of one agent. Each ejection lasts longer than the one before, ejected_for times their number, up
// to ten times; every ejected_for that it then stays in without another takes one off again.
class Ejection {
 public:
  static constexpr std::uint32_t times_max = 10;

  void eject(const OutlierPolicy& policy, base::Instant now);  // while it is: changes nothing
  void readmit(base::Instant now);  // before its time, since probes show that it is well
  [[nodiscard]] bool ejected(base::Instant now) const { return times_ > 0 && now < until_; }
  // When the last one ends or ended; the origin if there was none.
  [[nodiscard]] base::Instant ejected_until() const { return until_; }
  [[nodiscard]] std::uint32_t times() const { return times_; }  // in a row, at the last ejection

 private:
  base::Instant until_;
  std::uint32_t times_ = 0;  // 0 to times_max
};

// Given the latencies of all agents of a capability, 0 where it is not known: the indexes of those
// that took more than slower_than times the median of the known ones, the slowest first; of equals
// the first. Never more than share_max of all agents, but one if there are two, and never all.
// The median of an even number is the lower one, so that of two agents one can be slow.
[[nodiscard]] std::vector<std::size_t> slow_outliers(std::span<const base::Duration> latencies,
                                                     const OutlierPolicy& policy);

}  // namespace mesh::resilience
