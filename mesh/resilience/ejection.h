// Outlier ejection of one agent (Envoy's outlier detection): one that does far worse than its peers
// is asked only if nobody better is left. Once its time is over it is on trial: it wants a probe, a
// call that may be made elsewhere as well. A good one takes it back, a bad one ejects it for
// longer: ejected_for times the number of ejections, up to ten; every ejected_for that it then does
// well takes one off again.
//
//   in --eject--> out --its time is over--> on trial --clear--> in
//                  ^                          |  |
//                  +----------eject-----------+  +--no probe for as long again--> in
#pragma once

#include "base/time.h"
#include "mesh/policy.h"

#include <cstdint>

namespace mesh::resilience {

class Ejection {
 public:
  static constexpr std::uint32_t times_max = 10;

  void eject(const OutlierPolicy& policy, base::Instant now);  // while it is out: changes nothing
  void clear(base::Instant now);                               // it did well

  [[nodiscard]] bool is_ejected(base::Instant now) const;  // or on trial
  [[nodiscard]] bool wants_probe(base::Instant now) const;
  [[nodiscard]] base::Instant until() const { return until_; }
  [[nodiscard]] std::uint32_t times() const { return times_; }  // in a row, at the last ejection

 private:
  base::Instant until_;      // the end of its last time out
  base::Instant back_at_;    // when it is taken back unprobed, or was taken back
  std::uint32_t times_ = 0;  // 0 to times_max
};

}  // namespace mesh::resilience
