#include "gossip/local_health.h"

#include <algorithm>

namespace gossip {

void LocalHealth::on_waited(base::Duration waited, base::Instant now) {
  waited_ = waited;
  waited_at_ = now;
  if (waited < options_.behind_after) {
    behind_since_ = base::Instant::never();
  } else {
    behind_since_ = std::min(behind_since_, now);
  }
}

base::Duration LocalHealth::lag(base::Instant now) const {
  // While nothing more comes, the queue is empty: what is still to be seen gets younger.
  return std::max(base::Duration(), waited_ - (now - waited_at_));
}

bool LocalHealth::behind(base::Instant now) const {
  return behind_since_ != base::Instant::never() && now - behind_since_ >= options_.behind_after &&
         lag(now) >= options_.behind_after;
}

bool LocalHealth::on_input(base::Instant due, base::Instant now) {
  const base::Duration late =
      std::max(due == base::Instant::never() ? base::Duration() : now - due, lag(now));
  if (late < options_.starved_after) return false;
  // The longer it was, the more there is to catch up with: queues of packets, refutations, rounds.
  const base::Duration debt = std::min<base::Duration>(late, 2 * options_.probe_interval);
  const bool known = catching_up(now);
  calm_at_ = std::max(calm_at_, now + options_.probe_interval + debt);
  if (!known) on_missed_nacks(1);
  return true;
}

void LocalHealth::on_missed_nacks(std::uint32_t count) {
  score_ = std::min(score_ + count, options_.health_max);
}

}  // namespace gossip
