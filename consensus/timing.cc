#include "consensus/timing.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace consensus {

namespace {

// duration * 1.5^steps, at most `most`; integers only.
base::Duration backed_off(base::Duration duration, View steps, base::Duration most) {
  while (steps > 0 && duration < most) {
    duration += duration / 2;
    --steps;
  }
  return std::min(duration, most);
}

// The first f unfinalized views do not count: up to f leaders in a row may simply be dead.
View exponent(const Timing::Progress& progress) {
  const View free = progress.finalized + 1 + progress.faults;
  return progress.view > free ? progress.view - free : 0;
}

}  // namespace

void Timing::on_rtt(SignerIndex member, base::Duration srtt, base::Duration variance) {
  round_trips_[member] = srtt + 4 * variance;
}

base::Duration Timing::delay(std::size_t faults) const {
  if (round_trips_.size() <= faults) return options_.delay_initial;
  std::vector<base::Duration> slowest;
  slowest.reserve(round_trips_.size());
  for (const auto& [member, round_trip] : round_trips_) slowest.push_back(round_trip);
  std::sort(slowest.begin(), slowest.end(), std::greater<>());
  return std::clamp(slowest[faults] + sync_time_ + options_.delay_slack, options_.delay_min,
                    options_.delay_max);
}

base::Duration Timing::lead(const Progress& progress, bool op_pending) const {
  base::Duration first = 2 * delay(progress.faults);
  if (!op_pending) first += options_.empty_max;
  return backed_off(first, exponent(progress), options_.view_max);
}

base::Duration Timing::view(const Progress& progress) const {
  const base::Duration delay_now = delay(progress.faults);
  return std::max(backed_off(4 * delay_now, exponent(progress), options_.view_max),
                  lead(progress, true) + 2 * delay_now);
}

base::Duration Timing::empty(std::size_t faults) const {
  return std::min(delay(faults), options_.empty_max);
}

base::Duration Timing::skip(const Progress& progress) const {
  return std::max(4 * view(progress), options_.skip_min);
}

}  // namespace consensus
