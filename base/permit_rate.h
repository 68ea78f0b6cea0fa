// So many permits a second on average, and a burst of so many at once: the generic cell rate
// algorithm (ITU-T I.371), a token bucket whose whole state is one instant. A bucket that was left
// alone for burst / per_second is full, which is how it begins.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <limits>

namespace base {

class PermitRate {
 public:
  // Both above 0. Less than one permit a year counts as one a year.
  PermitRate(double per_second, std::uint32_t burst);

  [[nodiscard]] bool take(Instant now);
  // How long until take() would give one, if nobody takes one before; 0 = now.
  [[nodiscard]] Duration wait(Instant now) const;

 private:
  Duration interval_;  // between two permits
  Duration slack_;     // how far ahead of time they may be given
  // When the next one would be due if they were given evenly.
  Instant next_ = Instant::from_nanoseconds(std::numeric_limits<std::int64_t>::min());
};

}  // namespace base
