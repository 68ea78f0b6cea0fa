#include "gossip/local_health.h"

#include <algorithm>

namespace gossip {

bool LocalHealth::on_input(base::Instant due, base::Instant now) {
  if (due == base::Instant::never() || now - due < options_.starved_after) return false;
  // The longer it was, the more there is to catch up with: queues of packets, refutations, rounds.
  const base::Duration late = std::min<base::Duration>(now - due, 2 * options_.probe_interval);
  calm_at_ = std::max(calm_at_, now + options_.probe_interval + late);
  on_missed_nacks(1);
  return true;
}

void LocalHealth::on_missed_nacks(std::uint32_t count) {
  score_ = std::min(score_ + count, options_.health_max);
}

}  // namespace gossip
