#include "gossip/suspicion.h"

#include "gossip/rings.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gossip {

base::Duration suspicion_timeout(const Options& options, std::size_t accusers, std::size_t monitors,
                                 std::uint32_t stretch) {
  const base::Duration min = options.suspicion_min * stretch;
  const base::Duration max = min * options.suspicion_max_factor;
  // Two accusers more than a death needs bring the timeout to its minimum.
  const std::size_t enough = std::min(monitors, tolerated_liars(monitors) + 3);
  if (accusers >= enough || enough <= 1) return min;
  if (accusers <= 1) return max;
  const double share =
      std::log(static_cast<double>(accusers)) / std::log(static_cast<double>(enough));
  const double span = static_cast<double>((max - min).count());
  return max - base::Duration(static_cast<std::int64_t>(share * span));
}

void Patience::on_false_alarm(base::Instant now) {
  stretch_ = stretch(now);
  alarms_ = now - last_ < std::chrono::minutes(1) ? alarms_ + 1 : 1;
  if (alarms_ > 2) stretch_ = std::min<std::uint32_t>(stretch_ * 2, 4);
  last_ = now;
}

std::uint32_t Patience::stretch(base::Instant now) const {
  const auto quiet = std::chrono::duration_cast<std::chrono::minutes>(now - last_).count();
  return quiet >= 2 ? 1 : std::max<std::uint32_t>(1, stretch_ >> quiet);
}

}  // namespace gossip
